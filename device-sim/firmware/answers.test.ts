import { expect, test } from 'vitest'
import { maxUploadBytes } from '../../firmware-contracts/envelope.ts'
import { answersIn, birthsIn, classOf, of, readingsIn, running, speak, startMs } from './said.fixture.ts'

const charger = 'hengkang-shed1-charger'

const command = (args: { b: number; from: number; to: number }) => ({
  id: 'replay-1',
  exp: startMs * 2,
  args,
})

test('a device says again what it is asked for, the same samples, and then that it is done', () => {
  const simulation = running()
  const said = speak(simulation, 30)
  const before = new Map(readingsIn(of(charger, said)).map((reading) => [reading.seq, reading]))
  simulation.hear(charger, 'replay', command({ b: 1, from: 2, to: 150 }))
  const answered = of(charger, speak(simulation, 2))
  const history = answered.filter((message) => classOf(message) === 'hist')
  const again = readingsIn(history)
  expect(again.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
    [...Array(149).keys()].map((n) => n + 2),
  )
  for (const { seq, t, port, values } of again)
    expect(before.get(seq)).toMatchObject({ t, values, ...(port && { port }) })
  expect(Math.max(...history.map(({ payload }) => payload.byteLength))).toBeLessThanOrEqual(maxUploadBytes)
  const gapsMs = history.slice(1).map(({ t }, index) => t - (history[index]?.t ?? 0))
  expect(Math.min(...gapsMs), 'one message a second').toBeGreaterThanOrEqual(1_000)
  expect(answersIn(answered)).toMatchObject([{ id: 'replay-1', ok: true }])
  expect(answered.map(classOf).lastIndexOf('hist')).toBeLessThan(answered.map(classOf).indexOf('ack'))
})

test('it says so when it no longer has what it is asked for, or never had', () => {
  const simulation = running()
  speak(simulation, 5)
  simulation.hear('hengkang-b01-heat', 'replay', command({ b: 0, from: 1, to: 3 }))
  simulation.hear('hengkang-b02-heat', 'replay', command({ b: 1, from: 2, to: 4_294_967_295 }))
  const answered = speak(simulation, 1)
  expect(answersIn(of('hengkang-b01-heat', answered))).toMatchObject([{ ok: false, code: 'gone' }])
  const second = of('hengkang-b02-heat', answered)
  expect(second.map(classOf)).toContain('hist')
  expect(answersIn(second)).toMatchObject([{ ok: false, code: 'gone' }])
})

test('a meter behind a gateway answers through it', () => {
  const simulation = running()
  speak(simulation, 30)
  simulation.hear('hengkang-b01-f101-water', 'replay', command({ b: 1, from: 1, to: 3 }))
  const answered = of('hengkang-b01-f101-water', speak(simulation, 1))
  expect(answered.map(classOf)).toEqual(['hist', 'ack'])
  expect(new Set(answered.map(({ device }) => device))).toEqual(new Set(['hengkang-b01-gw']))
})

test('a device that is told to boot says so first, and comes back with the next boot counter', () => {
  const simulation = running()
  speak(simulation, 2)
  simulation.hear(charger, 'reboot', { id: 'boot-1', exp: startMs * 2, args: {} })
  const said = of(charger, speak(simulation, 1))
  expect(answersIn(said)).toMatchObject([{ id: 'boot-1', ok: true, boot: 1 }])
  expect(birthsIn(said)).toMatchObject([{ boot: 2, bootReason: 'command' }])
})

test('a clock that is wrong is put right by a command', () => {
  const simulation = running()
  speak(simulation, 1)
  const station = 'hengkang-station-heat'
  simulation.deviceOf(station)?.voice.clock.setWrong(simulation.nowMs, 600_000)
  const before = readingsIn(of(station, speak(simulation, 1)))
  expect(before.every(({ t }) => t > simulation.nowMs + 400_000)).toBe(true)
  simulation.hear(station, 'resync', { id: 'clock-1', exp: startMs * 2, args: {} })
  const after = readingsIn(of(station, speak(simulation, 1)))
  expect(after.every(({ t, clock }) => t < simulation.nowMs && clock === 'n')).toBe(true)
})

test('what a device does not know it says it does not know', () => {
  const simulation = running()
  speak(simulation, 1)
  simulation.hear(charger, 'self-destruct', { id: 'odd-1', exp: startMs * 2, args: {} })
  simulation.hear(charger, 'replay', { id: 'odd-2', exp: startMs * 2, args: { from: 'here' } })
  expect(answersIn(of(charger, speak(simulation, 1)))).toMatchObject([
    { id: 'odd-1', ok: false, code: 'unknown' },
    { id: 'odd-2', ok: false, code: 'invalid' },
  ])
})
