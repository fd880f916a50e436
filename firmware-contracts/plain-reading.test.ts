import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceMessages, type DeviceMessage } from './catalogue.ts'
import { exampleOf } from './examples.ts'

type ReadingMessage = Extract<DeviceMessage, { form: 'reading' }>

const readings = deviceMessages.filter((message): message is ReadingMessage => message.form === 'reading')

function payloadOf(message: ReadingMessage): { d: object; q?: object } {
  return JSON.parse(new TextDecoder().decode(exampleOf(message).bytes))
}

describe.each(readings.map((message) => ({ name: message.name, message })))('$name', ({ message }) => {
  const { q: _quality, ...calm } = payloadOf(message)

  test('what a healthy device says takes the short way', () => {
    expect(message.isPlain(calm)).toBe(true)
  })

  test('the short way takes nothing that the contract would refuse or change', () => {
    const oddity = fc.oneof(
      fc.constantFrom(null, true, '', '-1', 0.5, -1, 2 ** 32, 2 ** 53, 65_536, Number.NaN, [], {}, undefined),
      fc.integer(),
      fc.string({ maxLength: 8 }),
    )
    const inEnvelope = fc.tuple(fc.constantFrom(...Object.keys(calm), 'q', 'x', '__proto__'), oddity)
    const inData = fc.tuple(fc.constantFrom(...Object.keys(calm.d), 'x', '__proto__'), oddity)
    fc.assert(
      fc.property(fc.option(inEnvelope), fc.array(inData, { maxLength: 2 }), (wrong, values) => {
        const d = { ...calm.d, ...ownEntries(values) }
        const payload = { ...calm, d, ...ownEntries(wrong ? [wrong] : []) }
        if (!message.isPlain(payload)) return
        expect(message.schema.parse(payload)).toEqual(payload)
      }),
      { numRuns: 500 },
    )
  })
})

/** `__proto__` as JSON.parse makes it: a key like any other. */
function ownEntries(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(entries)
}
