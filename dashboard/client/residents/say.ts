import { ageOf } from '../age.ts'
import { translator } from '../language.ts'
import { residentTexts } from './texts.ts'

/** The residents' words in the language chosen. */
export const say = translator(residentTexts)

/** `12 s ago` */
export function sayAge(ms: number): string {
  const { unit, count } = ageOf(ms)
  return say(`age-${unit}`, { count })
}
