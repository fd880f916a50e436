import fc from 'fast-check'
import { expect, test } from 'vitest'
import { phraseOf, TextDraft } from './text-draft.ts'

test('a draft says what the same pieces say as a string, also on a page used before', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  const number = fc.oneof(fc.maxSafeInteger(), fc.nat(20_000), fc.double())
  const draft = new TextDraft()
  fc.assert(
    fc.property(fc.array(fc.oneof(text, number)), (pieces) => {
      draft.begin()
      for (const piece of pieces)
        if (typeof piece === 'number') draft.addNumber(piece)
        else draft.add(phraseOf(piece))
      expect(draft.bytes()).toEqual(Buffer.from(pieces.join('')))
    }),
  )
})

test.each([0, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 100_000_000, Number.MAX_SAFE_INTEGER])(
  '%i has all its digits',
  (value) => {
    const draft = new TextDraft()
    draft.addNumber(value)
    expect(String(draft.bytes())).toBe(String(value))
  },
)

test('a page grows with what is said on it, wherever its end falls', () => {
  const draft = new TextDraft()
  let said = ''
  for (let number = 0; number < 20_000; number++) {
    draft.add(phraseOf('kPa '))
    draft.addNumber(number)
    said += `kPa ${number}`
  }
  expect(String(draft.bytes())).toBe(said)
})
