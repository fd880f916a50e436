import { decode } from '../../firmware-contracts/decode.ts'
import type { Message, Reading } from '../../firmware-contracts/message.ts'
import { demoFleet } from '../fleets/demo.ts'
import { ordinaryDay, parseScenario } from '../scenarios/scenario.ts'
import { simulate, Simulation, type SimulationOptions } from '../simulation.ts'
import type { Outgoing } from './message.ts'

/** What tests of firmware share: the demo estate on an ordinary morning, and what one of its devices says. */

export const startMs = Date.parse('2026-01-15T07:00:00+08:00')

/** The demo with these events of a scenario. */
export function demo(events: object = {}): SimulationOptions {
  const scenario = parseScenario('test', { ...ordinaryDay, ...events })
  return { fleet: demoFleet(), scenario, seed: 5, startMs }
}

export const saidIn = (minutes: number, options: SimulationOptions) => [
  ...simulate(options, startMs + minutes * 60_000),
]

export const running = (options: SimulationOptions = demo()) => new Simulation(options)

export function speak(simulation: Simulation, minutes: number): Outgoing[] {
  const untilMs = simulation.nowMs + minutes * 60_000
  const said: Outgoing[] = []
  while (simulation.nowMs < untilMs) said.push(...simulation.tick())
  return said
}

export const classOf = ({ topic }: Outgoing) => topic.split('/')[5] ?? ''
export const of = (device: string, said: readonly Outgoing[]) =>
  said.filter(({ topic }) => topic.split('/')[4] === device)

export function messagesIn(said: readonly Outgoing[]): Message[] {
  return said.flatMap(({ topic, payload }) => {
    const decoded = decode(topic, payload)
    return decoded.ok ? [decoded.message] : []
  })
}

export function readingsIn(said: readonly Outgoing[]): Reading[] {
  return messagesIn(said).flatMap((message) => (message.type === 'readings' ? message.readings : []))
}

export function answersIn(said: readonly Outgoing[]) {
  return messagesIn(said).flatMap((message) => (message.type === 'ack' ? [message] : []))
}

export function birthsIn(said: readonly Outgoing[]) {
  return messagesIn(said).flatMap((message) => (message.type === 'birth' ? [message.birth] : []))
}

/** All numbers that were heard of a boot, each once, in order. */
export function numbersIn(said: readonly Outgoing[], boot = 1): number[] {
  const numbers = messagesIn(said).flatMap((message) => {
    if (message.type === 'birth') return message.birth.boot === boot ? [message.birth.seq] : []
    if (message.type === 'ack') return message.boot === boot ? [message.seq] : []
    return message.type === 'readings' && message.boot === boot ? message.readings.map(({ seq }) => seq) : []
  })
  return numbers.toSorted((a, b) => a - b)
}

export const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
