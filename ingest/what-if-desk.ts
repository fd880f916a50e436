import { z } from 'zod'
import type { CurrentRegistry } from '../estate/current-registry.ts'
import type { BilingualText } from '../estate/registry.ts'
import type { Clock } from '../platform/clock.ts'
import { overrides, type Difference, type Mistake } from './faults/parameter-layers.ts'
import type { HistoryStore } from './history/store.ts'
import type { ParameterDesk } from './parameter-desk.ts'
import { replayed, type Replayed, type WhatIfParts } from './what-if.ts'

/** Where engineers try changed parameters on the past before they save them. One question at a time. */
const dayMs = 24 * 3_600_000
/** Longest stretch, and longest past before it, in one question. */
const longestDays = 31
const usualWarmUpDays = 7

export const whatIfWish = z.object({
  site: z.string().max(64),
  fromMs: z.int().min(0),
  toMs: z.int().min(0),
  /** How long the engines only listen before, for baselines and medians. */
  warmUpDays: z.number().min(0).max(longestDays).default(usualWarmUpDays),
  /** A merge patch of the site's parameters. */
  set: overrides.default({}),
})
export type WhatIfWish = z.infer<typeof whatIfWish>

export interface WhatIfAnswer extends Replayed {
  site: string
  fromMs: number
  toMs: number
  /** The parameters that differ. */
  changes: readonly Difference[]
  tookMs: number
  /** What this cannot tell. */
  leftOut: readonly BilingualText[]
}

export type WhatIfResult =
  | { ok: true; answer: WhatIfAnswer }
  | { ok: false; mistakes: readonly Mistake[] }
  | { ok: false; conflict: string }

export interface WhatIfDeskParts extends Pick<WhatIfParts, 'timeZone' | 'periodsOf'> {
  history: Pick<HistoryStore, 'readings'>
  registry: Pick<CurrentRegistry, 'get'>
  parameters: Pick<ParameterDesk, 'preview'>
  clock: Clock
}

export class WhatIfDesk {
  readonly #parts: WhatIfDeskParts
  #busy = false

  constructor(parts: WhatIfDeskParts) {
    this.#parts = parts
  }

  async ask(wish: WhatIfWish): Promise<WhatIfResult> {
    const { parameters, registry, clock, ...parts } = this.#parts
    const mistakes = this.#mistakesIn(wish)
    if (mistakes.length > 0) return { ok: false, mistakes }
    const preview = parameters.preview(wish.site, wish.set)
    if (!preview.ok)
      return {
        ok: false,
        mistakes: preview.mistakes.map(({ field, detail }) => ({ field: `set.${field}`, detail })),
      }
    if (this.#busy) return { ok: false, conflict: 'another question is being answered; ask again when it is' }
    this.#busy = true
    const { site, fromMs, toMs, warmUpDays } = wish
    const startedMs = clock.now()
    try {
      const question = { site, fromMs, toMs, warmUpMs: Math.min(fromMs, warmUpDays * dayMs), ...preview }
      const found = await replayed(question, { ...parts, registry: registry.get() })
      const tookMs = clock.now() - startedMs
      const answer = { site, fromMs, toMs, changes: preview.changes, ...found, tookMs, leftOut }
      return { ok: true, answer }
    } finally {
      this.#busy = false
    }
  }

  #mistakesIn({ site, fromMs, toMs }: WhatIfWish): Mistake[] {
    const { registry, clock } = this.#parts
    const mistakes: Mistake[] = []
    if (!registry.get().site(site))
      mistakes.push({ field: 'site', detail: 'expected a site of the registry' })
    if (fromMs >= toMs) mistakes.push({ field: 'toMs', detail: 'expected a time after fromMs' })
    if (toMs > clock.now()) mistakes.push({ field: 'toMs', detail: 'expected a time in the past' })
    if (toMs - fromMs > longestDays * dayMs)
      mistakes.push({ field: 'fromMs', detail: `expected ${longestDays} days before toMs at most` })
    return mistakes
  }
}

/** Said with every answer. */
const leftOut: readonly BilingualText[] = [
  {
    zh: '历史数据不含遗嘱消息和告别消息：离线（D01、D02）按数据中断判断，原因不明',
    en: 'Wills and goodbyes are not in history: silence (D01, D02) is judged by gaps, whoever was down',
  },
  {
    zh: '历史数据不含接收时间、重复消息和被拒消息：D05、D06、D09 未评估；D07 只计入数据中出现的启动次数',
    en: 'Receive times, repeated and refused messages are not in history: D05, D06 and D09 are left out, and D07 counts only boots that readings show',
  },
  {
    zh: '断网后补传的数据按准时到达处理',
    en: 'What came late, as back-fill, is judged as if it had come in time',
  },
  {
    zh: '不重放人的操作（确认、复位、搁置、停用、关单）：锁定的报警保持锁定',
    en: 'What people did then (acknowledge, reset, shelve, out of service, closing orders) is not replayed: a latched alarm stays latched',
  },
]
