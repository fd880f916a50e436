import { z } from 'zod'
import { refusalReasons } from './message.ts'

/** What the server says over MQTT: to devices (reject, cmd, want), to everyone (srv/1/status), and to
 *  automations (faults and orders). Devices and flows may meet newer keys here, and ignore them. */

const epochMs = z.int().min(0)
const u32 = z.int().min(0).max(0xffff_ffff)
const text = z.string()
const bilingual = z.object({ zh: text, en: text })

/** To a device: which of its messages was refused, and why. `b` and `s` where they could be read. */
export const rejectSchema = z.object({
  reason: z.enum(refusalReasons),
  path: text,
  expected: text,
  got: text,
  b: u32.exactOptional(),
  s: u32.exactOptional(),
})

/** To a device, never retained: do this, but not after `exp` (epoch ms). Answered on ack/{name} with `id`. */
export const commandSchema = z.object({
  id: z.string().min(1).max(64),
  exp: epochMs,
  args: z.record(z.string(), z.union([z.int(), z.string()])),
})

/** To a device, `cmd/replay`: say again, as `hist`, what you still have of the numbers `from` … `to` of boot `b`,
 *  oldest first, at most one message a second. Afterwards `ack/replay`: ok 1 when that was all of them, ok 0 with
 *  code `gone` when some are no longer there. Numbers that carried no sample (meta, ack) are rows without data. */
export const replaySchema = commandSchema.extend({ args: z.object({ b: u32, from: u32, to: u32 }) })
/** Code of the ack when not everything that was asked for is still there. */
export const replayGone = 'gone'

/** To a device, retained: the configuration it should have. `v` counts up; the device keeps the newest. */
export const wantSchema = z.object({
  v: u32,
  period_s: z.record(z.string(), z.int().min(1)).exactOptional(),
  tariff: text.exactOptional(),
})

/** Retained: while `online` is 0, devices may keep what they have. */
export const statusSchema = z.object({ online: z.literal([0, 1]), t: epochMs })

/** A fault as it now is. */
export const faultNoticeSchema = z.object({
  key: text,
  state: z.enum(['opened', 'updated', 'recovered', 'merged']),
  rule: text.exactOptional(),
  severity: text.exactOptional(),
  site: text,
  root: text.exactOptional(),
  title: bilingual.exactOptional(),
  reason: bilingual.exactOptional(),
  households: z.int().min(0).exactOptional(),
  t: epochMs,
})

/** A work order as it now is. */
export const orderNoticeSchema = z.object({
  order: text,
  state: text,
  severity: text,
  rule: text,
  site: text,
  root: text,
  title: bilingual,
  /** When what has just happened is that somebody has to hear of a service level: which clock, and who. */
  escalation: z.object({ clock: text, level: text }).exactOptional(),
  t: epochMs,
})

export type RejectPayload = z.infer<typeof rejectSchema>
export type CommandPayload = z.infer<typeof commandSchema>
export type ReplayPayload = z.infer<typeof replaySchema>
export type WantPayload = z.infer<typeof wantSchema>
export type StatusPayload = z.infer<typeof statusSchema>
export type FaultNotice = z.infer<typeof faultNoticeSchema>
export type OrderNotice = z.infer<typeof orderNoticeSchema>
