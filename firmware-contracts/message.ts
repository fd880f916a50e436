/** What a decoded message is. Written by `decode`, read by ingest; plain data, no behaviour. */

export const kinds = [
  'charger',
  'heat-station',
  'heat-entrance',
  'room-sensor',
  'water-meter',
  'gateway',
] as const
export type Kind = (typeof kinds)[number]

/** Where a message came from, as its topic says: est/1/{site}/{kind}/{device}/{class}[/{sub}]. */
export interface Address {
  site: string
  kind: Kind
  device: string
  class: string
  /** Port (`p03`), command name or nothing. */
  sub?: string
}

/** NE 107 letters: failure, function check, out of specification, maintenance. */
export type Quality = 'F' | 'C' | 'S' | 'M'

/** `n`tp, `c`ellular, `r`tc, `u`nknown: who set the device's clock. */
export type ClockSource = 'n' | 'c' | 'r' | 'u'

/** One sample of one device (or of one of its ports) at one instant of the device's clock. */
export interface Reading {
  site: string
  kind: Kind
  device: string
  /** `p01` … `p12` on a charger; absent elsewhere. */
  port?: string
  class: 'tele' | 'state' | 'event' | 'batch' | 'hist'
  /** `heat-entrance/1.2` */
  contract: string
  boot: number
  seq: number
  /** Sampling instant, UTC epoch ms, as the device says. */
  t: number
  clock: ClockSource
  /** Wire name -> integer or enum word. Flags are 0 or 1. Absent = not measured. */
  values: Readonly<Record<string, number | string>>
  /** Wire name -> quality letter of a signal that is present or missing because broken. */
  quality: Readonly<Record<string, Quality>>
}

export type Message =
  /** tele, state and event carry one reading; batch and hist carry many, each with its own seq. */
  | {
      type: 'readings'
      address: Address
      boot: number
      readings: readonly Reading[]
      unknownKeys: readonly string[]
    }
  /** `lost` is the last will. */
  | {
      type: 'connection'
      address: Address
      state: 'ready' | 'sleeping' | 'lost' | 'bye'
      boot: number
      t: number
    }
  | { type: 'birth'; address: Address; birth: Birth }
  | {
      type: 'ack'
      address: Address
      boot: number
      seq: number
      t: number
      id: string
      ok: boolean
      code?: string
    }

/** What a device says of itself after it starts. */
export interface Birth {
  contract: string
  boot: number
  seq: number
  t: number
  clock: ClockSource
  firmware: string
  hardware: string
  serial: string
  bootReason: string
  /** First 8 hex digits of the SHA-256 of the contract the firmware was built with. */
  contractHash: string
  /** Message class -> reporting period, s. */
  periodS: Readonly<Record<string, number>>
  /** How long a sample may wait in the device before it is late, s. 0 = sent at once. */
  deliveryS: number
}

export const refusalReasons = [
  'topic-unknown',
  'not-utf8',
  'not-json',
  'too-large',
  'envelope-invalid',
  'contract-unknown',
  'value-invalid',
  /** Understood, but the history store itself would not take it. */
  'history-refused',
  /** Not in the registry, and more such devices than may have a name have spoken. */
  'device-unknown',
  /** No device's mistake: what the intake log held can no longer be read. */
  'log-damaged',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

/** Why a message was not understood. Returned, counted and quarantined; never thrown. */
export interface Refusal {
  reason: RefusalReason
  /** Where the fault is, as a path into the payload (`d.p_ret_kpa`), or '' for the whole. */
  path: string
  expected: string
  got: string
  /** Identity of the message where it could still be read. */
  boot?: number
  seq?: number
}

export type Decoded = { ok: true; message: Message } | { ok: false; refusal: Refusal; address?: Address }
