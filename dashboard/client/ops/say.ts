import { ageOf } from '../age.ts'
import { translator } from '../language.ts'
import { opsTexts } from './texts.ts'

/** The engineers' words in the language chosen. */
export const say = translator(opsTexts)

/** `12 s ago` */
export function sayAge(ms: number): string {
  const { unit, count } = ageOf(ms)
  return say(`age-${unit}`, { count })
}
