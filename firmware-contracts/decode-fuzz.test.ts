import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deviceMessages } from './catalogue.ts'
import { decode } from './decode.ts'
import { encodeReading } from './encode.ts'
import { exampleOf } from './examples.ts'

/** A hundred thousand messages that no engineer would write (`npm run fuzz`: a million). None may throw; what is
 *  accepted must be what the contract allows, and what is refused must be told in few words. */
const times = Number(process.env['FUZZ_TIMES'] ?? 1)
const limitMs = 60_000 * times
const counted = (runs: number) => (runs * times).toLocaleString('en')

const examples = deviceMessages.map(exampleOf)
const example = fc.constantFrom(...examples)
const topic = fc.constantFrom(...examples.map(({ topic }) => topic))
const text = new TextDecoder()
const utf8 = new TextEncoder()

function judge(topic: string, bytes: Uint8Array): void {
  const decoded = decode(topic, bytes)
  if (!decoded.ok) {
    const { got, expected } = decoded.refusal
    if (got.length > 80 || expected === '' || !got.isWellFormed()) throw new Error(JSON.stringify(decoded))
    return
  }
  if (decoded.message.type !== 'readings') return
  for (const { values, contract } of decoded.message.readings) {
    const tidy = Object.values(values).every(
      (value) => typeof value === 'string' || (Number.isSafeInteger(value) && !Object.is(value, -0)),
    )
    if (!tidy || !contract.startsWith(decoded.message.address.kind)) throw new Error(JSON.stringify(decoded))
  }
}

test(
  `messages with bytes cut, changed and inserted are read or refused, ${counted(50_000)} times`,
  () => {
    const wound = fc.record({ at: fc.nat(1100), remove: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) })
    fc.assert(
      fc.property(example, fc.array(wound, { minLength: 1, maxLength: 3 }), ({ topic, bytes }, wounds) => {
        const wounded = wounds.reduce((whole, { at, remove, insert }) => {
          const from = at % (whole.length + 1)
          return Uint8Array.of(...whole.subarray(0, from), ...insert, ...whole.subarray(from + remove))
        }, bytes)
        judge(topic, wounded)
      }),
      { numRuns: 50_000 * times },
    )
  },
  limitMs,
)

const oddities = [
  ...['null', 'true', '-0', '1e3', '1e999', '-1e-999', '0.5', '9007199254740993', '18446744073709551616'],
  ...['""', '"\\ud800"', '"\\u0000"', '"idle"', '[]', '{}', '[[[]]]', '{"__proto__":{"polluted":1}}'],
  ...['"__proto__":1', 'NaN', '\uFEFF', '"d":{}', '{"toJSON":1}', '[0]', '4294967296', '-1'],
]

test(
  `messages with one value replaced by an oddity are read or refused, ${counted(40_000)} times`,
  () => {
    fc.assert(
      fc.property(example, fc.nat(200), fc.constantFrom(...oddities), ({ topic, bytes }, nth, oddity) => {
        const pieces = text.decode(bytes).split(/(?<=[:,[{])/)
        pieces[nth % pieces.length] = `${oddity},`
        judge(topic, utf8.encode(pieces.join('')))
      }),
      { numRuns: 40_000 * times },
    )
  },
  limitMs,
)

test(
  `any JSON on any topic is read or refused, ${counted(10_000)} times`,
  () => {
    fc.assert(
      fc.property(topic, fc.json({ maxDepth: 4 }), (topic, json) => judge(topic, utf8.encode(json))),
      { numRuns: 10_000 * times },
    )
  },
  limitMs,
)

test('any topic is read or refused, and nothing leaks into the prototype of all objects', () => {
  fc.assert(fc.property(fc.string(), (topic) => judge(topic, utf8.encode('{}'))))
  expect(Object.keys(Object.getPrototypeOf({}))).toEqual([])
})

test('what was accepted is accepted again, the same, when it is encoded again', () => {
  const kpa = fc.integer({ min: 0, max: 1600 })
  const c10 = fc.integer({ min: -200, max: 1300 })
  const values = fc.record({ p_sup_kpa: kpa, p_ret_kpa: kpa, t_sup_c10: c10 }, { requiredKeys: [] })
  fc.assert(
    fc.property(values, fc.nat(), fc.nat(), (values, boot, seq) => {
      const said = {
        contract: 'heat-entrance/1.0',
        boot,
        seq,
        t: 5,
        clock: 'n',
        values,
        quality: {},
      } as const
      const decoded = decode('est/1/hengkang/heat-entrance/x/tele', encodeReading(said))
      expect(decoded).toMatchObject({ ok: true, message: { readings: [said] } })
    }),
  )
})
