import { describe, expect, test } from 'vitest'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Outgoing } from '../firmware/message.ts'
import { demo, messagesIn, numbersIn, of, speak, startMs, upTo } from '../firmware/said.fixture.ts'
import { demoFleet } from '../fleets/demo.ts'
import { digest, Simulation } from '../simulation.ts'
import { Air } from './air.ts'
import { mischiefSchema } from './mischief.ts'
import { Tolls } from './toll.ts'

/** An hour of the demo with this mischief, and what it cost. */
function hour(mischief: object, changes: object = {}) {
  const simulation = new Simulation({ ...demo({ mischief }), ...changes })
  const said = speak(simulation, 60)
  return { said, tolls: simulation.tolls() }
}

const everything = {
  loss: {},
  duplicates: {},
  delay: {},
  outages: { perWeek: 200, minutes: 5 },
  garbage: {},
  reboots: { perMonth: 300 },
}
const deviceOf = ({ topic }: Outgoing) => topic.split('/')[4] ?? ''
const sum = (tolls: ReturnType<Simulation['tolls']>, of: 'lost' | 'duplicated' | 'garbled' | 'overtaken') =>
  [...tolls.values()].reduce((total, toll) => total + toll[of], 0)

/** `count` readings of one meter, a minute apart, on their way. */
function flown(mischief: object, count: number, device = 'meter') {
  const tolls = new Tolls()
  const air = new Air(5, mischiefSchema.parse(mischief), tolls)
  const arrived: Outgoing[] = []
  for (let at = 0; at < count; at++) {
    const topic = `est/1/hengkang/water-meter/${device}/tele`
    const payload = new Uint8Array([at % 256])
    air.carry({ t: at * 60_000, device, topic, payload, qos: 1, retain: false }, arrived)
  }
  return { arrived, toll: tolls.of(device) }
}

describe('same seed, same bytes', () => {
  test('with every mischief at once, again and in time order', () => {
    const { said, tolls } = hour(everything)
    const again = hour(everything)
    expect(digest(again.said)).toEqual(digest(said))
    expect(again.tolls).toEqual(tolls)
    expect(said.every(({ t }, at) => t >= (said[at - 1]?.t ?? 0))).toBe(true)
  })

  test('a fleet that gains a shed, listed in another order, changes nobody else’s luck', () => {
    const [estate] = demoFleet().estates
    if (!estate) throw new Error('the demo has an estate')
    const sheds = [{ id: 'hengkang-shed0', number: 0, ports: 4 }, ...estate.sheds.toReversed()]
    const fleet = { ...demoFleet(), estates: [{ ...estate, sheds }] }
    const others = hour(everything, { fleet }).said.filter(
      (message) => deviceOf(message) !== 'hengkang-shed0-charger',
    )
    expect(digest(others)).toEqual(digest(hour(everything).said))
  })

  test('the luck of a line is pinned', () => {
    const { arrived } = flown({ loss: {}, duplicates: {}, delay: {}, garbage: { share: 0.05 } }, 2_000)
    expect(digest(arrived)).toEqual({
      messages: 1976,
      sha256: '4a5d9ff25b99f7d69ebc63cfdaac86233d4747030b4328071634a9050f0ceb29',
    })
  })

  test('who duplicates besides loses the same', () => {
    const lost = flown({ loss: {} }, 20_000).arrived.map(({ t }) => t)
    const { arrived } = flown({ loss: {}, duplicates: {}, garbage: {} }, 20_000)
    const first = new Set(arrived.map(({ t }) => t))
    expect(lost.every((t) => first.has(t))).toBe(true)
    expect(arrived.length).toBeGreaterThan(lost.length)
  })
})

describe('on its way', () => {
  test('a reading is lost in bursts: 30 % in three bad minutes, next to none in the hour between', () => {
    const { arrived, toll } = flown({ loss: {} }, 200_000)
    const share = toll.lost / 200_000
    expect(arrived.length + toll.lost).toBe(200_000)
    expect(share).toBeGreaterThan(0.013)
    expect(share).toBeLessThan(0.019)
    const lostInARow = arrived.filter(({ t }, at) => t - (arrived[at - 1]?.t ?? t) > 120_000).length
    expect(lostInARow, 'far more often than by chance').toBeGreaterThan((20 * 200_000 * share ** 2) / 10)
  })

  test('half of the readings take 0.3 s, one in a hundred more than 5', () => {
    const delays = flown({ delay: {} }, 20_000)
      .arrived.map(({ t }, at) => t - at * 60_000)
      .toSorted((a, b) => a - b)
    expect(Math.abs((delays[10_000] ?? 0) - 300)).toBeLessThan(15)
    expect(Math.abs((delays[19_800] ?? 0) - 5_000)).toBeLessThan(700)
  })

  test('one in two hundred comes twice, up to half a minute later', () => {
    const { arrived, toll } = flown({ duplicates: {} }, 50_000)
    expect(arrived.length).toBe(50_000 + toll.duplicated)
    expect(toll.duplicated / 50_000).toBeCloseTo(0.005, 3)
  })
})

test('what is lost, doubled and garbled in an hour of the demo is exactly what the toll says', () => {
  const { said, tolls } = hour({
    loss: { good: 0.05 },
    duplicates: { share: 0.05 },
    garbage: { share: 0.02 },
  })
  const garbage = said.filter(({ topic, payload }) => !decode(topic, payload).ok)
  expect(garbage.length).toBe(sum(tolls, 'garbled'))
  let [missing, twice] = [0, 0]
  for (const [device] of Map.groupBy(said, deviceOf)) {
    const numbers = numbersIn(of(device, said))
    twice += numbers.length - new Set(numbers).size
    missing += (numbers.at(-1) ?? 0) - new Set(numbers).size
  }
  const underWay = sum(tolls, 'duplicated') - twice
  expect(underWay).toBeGreaterThanOrEqual(0)
  expect(underWay, 'a second copy may come after the end').toBeLessThan(5)
  const untold = sum(tolls, 'lost') + sum(tolls, 'garbled') - missing
  expect(untold, 'the last words of a device, and rows of a batch, have no gap behind them').toBeLessThan(20)
  expect(untold).toBeGreaterThanOrEqual(0)
})

test('an outage loses nothing: what was sampled meanwhile comes when it is over', () => {
  const { said, tolls } = hour({ outages: { perWeek: 300, minutes: 5, estatePerMonth: 0 } })
  const outages = [...tolls].filter(([, { outages: own }]) =>
    own.some(({ untilMs }) => untilMs < startMs + 50 * 60_000),
  )
  expect(outages.length).toBeGreaterThan(5)
  for (const [device, { outages: own }] of outages) {
    const numbers = numbersIn(of(device, said))
    const [first] = own
    if (!first || own.length > 1) continue
    expect(numbers.length, device).toBeGreaterThan(5)
    expect(numbers, device).toEqual(upTo(numbers.length))
    const silent = of(device, said).filter(({ t, will }) => t > first.fromMs && t < first.untilMs && !will)
    expect(silent).toEqual([])
  }
})

test('an outage of the estate is everybody’s at once', () => {
  const { tolls } = hour({ outages: { perWeek: 0, estatePerMonth: 700, estateMinutes: 1 } })
  const windows = new Set([...tolls.values()].map(({ outages }) => JSON.stringify(outages)))
  expect(tolls.size).toBe(64)
  expect(windows.size).toBe(1)
})

test('a board that starts again by itself says why, and now and then it is 2000', () => {
  const { said, tolls } = hour({ reboots: { perMonth: 700, clockLost: 0.5 } })
  const births = messagesIn(said).flatMap((message) => (message.type === 'birth' ? [message.birth] : []))
  const again = births.filter(({ boot }) => boot > 1)
  expect(again.length).toBeGreaterThan(30)
  expect(new Set(again.map(({ bootReason }) => bootReason))).toEqual(
    new Set(['watchdog', 'brownout', 'exception']),
  )
  expect(again.some(({ clock, t }) => clock === 'u' && new Date(t).getUTCFullYear() === 2000)).toBe(true)
  expect([...tolls.values()].reduce((total, { reboots }) => total + reboots, 0)).toBeGreaterThanOrEqual(
    again.length,
  )
})
