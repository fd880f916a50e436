import { expect, test } from 'vitest'
import { decode } from '../../firmware-contracts/decode.ts'
import { maxUploadBytes } from '../../firmware-contracts/envelope.ts'
import type { Reading } from '../../firmware-contracts/message.ts'
import { demoFleet } from '../fleet.ts'
import { loadScenario } from '../scenarios/scenario.ts'
import { Simulation } from '../simulation.ts'
import type { Outgoing } from './message.ts'

const startMs = Date.parse('2026-01-15T07:00:00+08:00')
const charger = 'hengkang-shed1-charger'

function running(minutes: number) {
  const fleet = demoFleet()
  const simulation = new Simulation({ fleet, scenario: loadScenario('calm'), seed: 5, startMs })
  return { simulation, said: speak(simulation, minutes) }
}

function speak(simulation: Simulation, minutes: number): Outgoing[] {
  const untilMs = simulation.nowMs + minutes * 60_000
  const said: Outgoing[] = []
  while (simulation.nowMs < untilMs) said.push(...simulation.tick())
  return said
}

const classOf = ({ topic }: Outgoing) => topic.split('/')[5]
const of = (device: string, said: readonly Outgoing[]) =>
  said.filter(({ topic }) => topic.split('/')[4] === device)

function readingsIn(messages: readonly Outgoing[]): Reading[] {
  return messages.flatMap(({ topic, payload }) => {
    const decoded = decode(topic, payload)
    return decoded.ok && decoded.message.type === 'readings' ? decoded.message.readings : []
  })
}

function answerIn(messages: readonly Outgoing[]) {
  return messages.flatMap(({ topic, payload }) => {
    const decoded = decode(topic, payload)
    return decoded.ok && decoded.message.type === 'ack' ? [decoded.message] : []
  })
}

const command = (args: { b: number; from: number; to: number }) => ({
  id: 'replay-1',
  exp: startMs * 2,
  args,
})

test('a device says again what it is asked for, the same samples, and then that it is done', () => {
  const { simulation, said } = running(30)
  const before = new Map(readingsIn(of(charger, said)).map((reading) => [reading.seq, reading]))
  simulation.hear(charger, command({ b: 1, from: 2, to: 300 }))
  const answered = of(charger, speak(simulation, 2))
  const history = answered.filter((message) => classOf(message) === 'hist')
  const again = readingsIn(history)
  expect(again.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
    [...Array(299).keys()].map((n) => n + 2),
  )
  for (const { seq, t, port, values } of again)
    expect(before.get(seq)).toMatchObject({ t, values, ...(port && { port }) })
  expect(Math.max(...history.map(({ payload }) => payload.byteLength))).toBeLessThanOrEqual(maxUploadBytes)
  const gapsMs = history.slice(1).map(({ t }, index) => t - (history[index]?.t ?? 0))
  expect(Math.min(...gapsMs), 'one message a second').toBeGreaterThanOrEqual(1_000)
  expect(answerIn(answered)).toMatchObject([{ id: 'replay-1', ok: true }])
  expect(answered.map(classOf).lastIndexOf('hist')).toBeLessThan(answered.map(classOf).indexOf('ack'))
})

test('it says so when it no longer has what it is asked for, or never had', () => {
  const { simulation } = running(5)
  simulation.hear('hengkang-b01-heat', command({ b: 0, from: 1, to: 3 }))
  simulation.hear('hengkang-b02-heat', command({ b: 1, from: 2, to: 4_294_967_295 }))
  const answered = speak(simulation, 1)
  expect(answerIn(of('hengkang-b01-heat', answered))).toMatchObject([{ ok: false, code: 'gone' }])
  const second = of('hengkang-b02-heat', answered)
  expect(second.map(classOf)).toContain('hist')
  expect(answerIn(second)).toMatchObject([{ ok: false, code: 'gone' }])
})

test('a meter behind a gateway answers through it', () => {
  const { simulation } = running(30)
  simulation.hear('hengkang-b01-f101-water', command({ b: 1, from: 1, to: 3 }))
  const answered = of('hengkang-b01-f101-water', speak(simulation, 1))
  expect(answered.map(classOf)).toEqual(['hist', 'ack'])
  expect(new Set(answered.map(({ device }) => device))).toEqual(new Set(['hengkang-b01-gw']))
})
