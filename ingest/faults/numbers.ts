import { z } from 'zod'

/** The kinds of numbers that rules decide by, each with its default. */
export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute

export const positive = (fallback: number) => z.number().positive().default(fallback)
export const duration = (fallbackMs: number) => z.int().min(0).default(fallbackMs)
export const share = (fallback: number) => z.number().gt(0).max(1).default(fallback)
