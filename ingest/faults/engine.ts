import type { Message, Reading, Refusal } from '../../firmware-contracts/message.ts'
import type { AlarmEvent } from '../../estate/alarm-log.ts'
import type { Registry } from '../../estate/registry.ts'
import { credibleTime } from '../credible-time.ts'
import type { Observation } from './alarm.ts'
import { goesOn, isBreached, isReturned, stands, type Alarm } from './alarm-state.ts'
import { alarmViews, type AlarmView } from './alarm-view.ts'
import { move, raisedBy, type Listener, type Watch } from './alarm-watch.ts'
import { CaseBook } from './case-book.ts'
import type { IncidentChange } from './changes.ts'
import { hear, miss, watchBirth, watchReading, watchReconnect, watchRefusal } from './device-watch.ts'
import { memoryOf, type FaultSnapshot, type WatchedDevice } from './engine-state.ts'
import { observationOf, refusal, type AlarmInstruction, type Instruction } from './instructions.ts'
import { localHours, type LocalHour } from './local-hour.ts'
import type { Parameters } from './parameters.ts'
import { limitsOf } from './places.ts'
import { clockTimes } from './report.ts'
import type { ServiceWindow } from './service-window.ts'
import { evaluate } from './stream.ts'
import type { Turn } from './turn.ts'
import { WaitingRoom } from './waiting-room.ts'
import { WatchDuty } from './watch-duty.ts'
import { WatchedDevices } from './watched-devices.ts'

/** The fault engine: readings in, incidents out. It owns the state that the pure parts work on:
 *
 *      reading > waiting room (gaps) > stream (senses) > condition > alarm > case book (correlation) > changes
 *
 *  It has no clock. Conditions run on sample time. Silence, hold-offs and recovery run on the server's time,
 *  which it learns from the receive times of what it is told and from `tick`, and they are acted on at fixed
 *  steps of that time: so the same log gives the same changes, whenever and however often it is restarted. */

/** Server time moves in steps of this size. */
const stepMs = 5_000
/** After a longer gap the steps before it are skipped: nothing was heard, so nothing could change. */
const stepsAtOnce = 720

export interface FaultEngineOptions {
  registry: Registry
  parameters: Parameters
  /** For hours of the day and for times in sentences: `Asia/Shanghai`. */
  timeZone: string
}

const nothing: readonly IncidentChange[] = []

export class FaultEngine {
  readonly #localHour: LocalHour
  readonly #clockTime: (atMs: number) => string
  readonly #listener: Listener
  readonly #waiting: WaitingRoom
  #registry: Registry
  #parameters: Parameters
  #devices: WatchedDevices
  #duty: WatchDuty
  #book: CaseBook
  #nextStepMs = Number.POSITIVE_INFINITY
  #started = false
  /** Server time of what is being dealt with. */
  #nowMs = 0
  #resumedMs = 0
  /** Devices of which something has changed since it was last asked. */
  readonly #touched = new Set<string>()
  /** Something moved: the book may have decided. */
  #stirred = false

  constructor({ registry, parameters, timeZone }: FaultEngineOptions) {
    this.#registry = registry
    this.#parameters = parameters
    this.#localHour = localHours(timeZone)
    this.#clockTime = clockTimes(timeZone)
    this.#listener = {
      moved: (watch, was, atMs) => this.#moved(watch, was, atMs),
      worsened: (watch) => {
        if (stands(watch.memory.alarm)) this.#book.worsen(raisedBy(watch))
      },
      unwatched: (watch) => this.#duty.unwatched(watch),
    }
    this.#waiting = new WaitingRoom({
      waitMs: (device) => this.#devices.get(device)?.silence.place.limits.arrival.gapWaitMs ?? 0,
      stepMs,
      judge: (reading, receivedMs) => this.#judge(reading, receivedMs),
      moved: (device) => this.#touched.add(device),
    })
    this.#devices = new WatchedDevices({ registry, parameters })
    this.#duty = this.#newDuty()
    this.#book = this.#newBook()
  }

  /** One sample. `receivedMs`: server time of the message it came in. Back-fill (`hist`) is history, not news:
   *  it proves that its device lives, and is not evaluated. */
  observe(reading: Reading, receivedMs: number): readonly IncidentChange[] {
    this.#advance(receivedMs)
    const known = this.#devices.get(reading.device)
    if (known) {
      this.#hear(known, reading.boot)
      watchReading(known, reading, receivedMs, this.#listener)
      this.#waiting.reading(reading, receivedMs)
    }
    return this.#decided()
  }

  /** Something numbered that is no sample: an answer to a command. It, too, proves that its device lives. */
  numbered(said: Pick<Reading, 'device' | 'boot' | 'seq'>, receivedMs: number): readonly IncidentChange[] {
    this.#advance(receivedMs)
    const known = this.#devices.get(said.device)
    if (known) {
      this.#hear(known, known.hearing.boot)
      this.#waiting.passIfKnown(said.device, { boot: said.boot, seq: said.seq, receivedMs })
    }
    return this.#decided()
  }

  /** What could not be read. Where its number could, it proves that its device lives. */
  refused(device: string, refusal: Refusal, receivedMs: number): readonly IncidentChange[] {
    const { boot, seq } = refusal
    const told =
      boot === undefined || seq === undefined ? nothing : this.numbered({ device, boot, seq }, receivedMs)
    this.#advance(receivedMs)
    const known = this.#devices.get(device)
    if (known) watchRefusal(known, refusal, receivedMs, this.#listener)
    return [...told, ...this.#decided()]
  }

  /** What a device, or its last will, says of its connection. A will of an earlier life is stale. */
  connection(
    message: Extract<Message, { type: 'connection' }>,
    receivedMs: number,
  ): readonly IncidentChange[] {
    this.#advance(receivedMs)
    const known = this.#devices.get(message.address.device)
    if (!known) return this.#decided()
    if (message.state !== 'lost') {
      this.#hear(known, message.boot)
      watchReconnect(known, receivedMs)
    } else if (message.boot >= known.hearing.boot) this.#miss(known, receivedMs)
    return this.#decided()
  }

  /** A device that has just started says how often it will report. */
  birth(message: Extract<Message, { type: 'birth' }>, receivedMs: number): readonly IncidentChange[] {
    this.#advance(receivedMs)
    const known = this.#devices.get(message.address.device)
    if (known) {
      const periodsS = Object.values(message.birth.periodS).filter((periodS) => periodS > 0)
      if (periodsS.length > 0) known.hearing.periodMs = Math.min(...periodsS) * 1_000
      this.#hear(known, message.birth.boot)
      this.#devices.expect(known, this.#resumedMs)
      watchBirth(known, message.birth, receivedMs, this.#listener)
      const { boot, seq, deliveryS } = message.birth
      this.#waiting.declareDelivery(known.device.id, deliveryS)
      this.#waiting.pass(known.device.id, { boot, seq, receivedMs })
    }
    return this.#decided()
  }

  /** Time has passed. Call it about once a second, and only when everything received before `nowMs` has been
   *  told: else what waits in the log looks like silence. */
  tick(nowMs: number): readonly IncidentChange[] {
    this.#advance(nowMs)
    return this.#decided()
  }

  /** Nobody was listening until `nowMs` (the broker was down): silence counts from here. */
  resume(nowMs: number): void {
    this.#resumedMs = Math.max(this.#resumedMs, nowMs)
    this.#devices.expectAnew()
  }

  /** What a person says of an alarm or a place, now; `refused` says why nothing came of it. The engine's own time does
   *  not move by it: what was received before and not yet told is not silence. */
  instruct(said: Instruction, nowMs: number): { changes: readonly IncidentChange[]; refused?: string } {
    const refused = 'alarm' in said ? this.#tell(said, nowMs) : this.#duty.instruct(said, nowMs)
    if (!('alarm' in said) && refused === undefined) this.#reviewDuty()
    return { changes: this.#decided(), ...(refused !== undefined && { refused }) }
  }

  /** The order of an incident was closed after inspection: its latched alarms may rest, and the next breach
   *  is a new one. What is still breached goes on standing. */
  inspected(incidentKey: string, by: string, nowMs: number, done = true): readonly IncidentChange[] {
    if (done) this.#book.closed(incidentKey, nowMs)
    for (const watch of this.#devices.allRaised()) {
      if (this.#book.incidentOf(watch.key) !== incidentKey) continue
      move(watch, { type: 'acknowledge', by }, nowMs, this.#listener)
      move(watch, { type: 'reset', by }, nowMs, this.#listener)
    }
    return this.#decided()
  }

  /** Every alarm that is not normal. */
  alarms(): readonly AlarmView[] {
    return alarmViews(this.#devices.allRaised(), (key) => this.#book.incidentOf(key))
  }

  /** What is out of service, and until when. */
  outOfService(): readonly ServiceWindow[] {
    return this.#duty.windows()
  }

  /** What came up and what ended since this was last asked, for the record of alarms. */
  takeAlarmEvents(): readonly AlarmEvent[] {
    return this.#book.takeAlarmEvents()
  }

  /** Devices of which something has changed since this was last asked. */
  takeTouched(): string[] {
    const touched = [...this.#touched]
    this.#touched.clear()
    return touched
  }

  /** All that is remembered, or, of the devices, only what is remembered of some. Plain JSON that shares its parts
   *  with the engine: write it down before the engine is told anything more. */
  snapshot(of: Iterable<string> = this.#devices.ids()): FaultSnapshot {
    return {
      format: 'faults/4',
      nowMs: this.#nowMs,
      nextStepMs: this.#started ? this.#nextStepMs : null,
      resumedMs: this.#resumedMs,
      outOfService: this.#duty.windows(),
      devices: Object.fromEntries(
        [...of].flatMap((id) => {
          const known = this.#devices.get(id)
          return known ? [[id, memoryOf(known, this.#waiting.turn(id))]] : []
        }),
      ),
      book: this.#book.snapshot(),
    }
  }

  /** Takes up a snapshot, which is the engine's own from then on. Devices that the registry no longer knows are left
   *  behind, and their alarms end. */
  restore(saved: FaultSnapshot): void {
    this.#nowMs = saved.nowMs
    this.#started = saved.nextStepMs !== null
    this.#nextStepMs = saved.nextStepMs ?? Number.POSITIVE_INFINITY
    this.#resumedMs = saved.resumedMs
    this.#devices = new WatchedDevices({ registry: this.#registry, parameters: this.#parameters })
    this.#duty = this.#newDuty()
    this.#duty.review(saved.nowMs)
    for (const window of saved.outOfService) this.#duty.open(window)
    this.#touched.clear()
    const turns: [device: string, turn: Turn][] = []
    for (const [id, memory] of Object.entries(saved.devices)) {
      if (this.#devices.recall(id, memory) && memory.turn) turns.push([id, memory.turn])
    }
    this.#waiting.restore(turns)
    this.#book = this.#newBook()
    this.#book.restore(saved.book)
    for (const alarm of this.#book.standing()) {
      if (!this.#devices.raised(alarm.key)) this.#book.clear(alarm, this.#nowMs)
    }
    this.#reviewDuty()
  }

  /** After an import: the same state on the new map. */
  replaceRegistry(registry: Registry): void {
    const saved = this.snapshot()
    const touched = this.takeTouched()
    this.#registry = registry
    this.restore(saved)
    const gone = Object.keys(saved.devices).filter((id) => !this.#devices.get(id))
    for (const id of [...touched, ...gone]) this.#touched.add(id)
  }

  /** After a change of thresholds: what is remembered stays, delays that run go on, by the new limits. */
  replaceParameters(parameters: Parameters): void {
    this.#parameters = parameters
    this.#devices.replaceParameters(parameters)
    if (this.#duty.review(this.#nowMs)) this.#reviewDuty()
  }

  #newDuty(): WatchDuty {
    const limits = (site: string) => limitsOf(site, this.#parameters)
    return new WatchDuty({ registry: this.#registry, limits, localHour: this.#localHour })
  }

  #newBook(): CaseBook {
    return new CaseBook({
      registry: this.#registry,
      clockTime: this.#clockTime,
      limits: (site) => limitsOf(site, this.#parameters).correlation,
      voice: (device) => this.#devices.voiceOf(device),
      breaches: (key) => this.#devices.breaches(key),
    })
  }

  /** A sample whose turn it is; back-fill is history. */
  #judge(reading: Reading, receivedMs: number): void {
    const known = this.#devices.get(reading.device)
    const stream = known && reading.class !== 'hist' ? this.#devices.streamOf(known, reading) : undefined
    if (!stream) return
    evaluate(stream, reading, credibleTime(reading, receivedMs).t, this.#localHour, this.#listener)
  }

  #hear(known: WatchedDevice, boot: number): void {
    this.#touched.add(known.device.id)
    if (hear(known, { boot, nowMs: this.#nowMs }, this.#listener))
      this.#devices.expect(known, this.#resumedMs)
  }

  #miss(known: WatchedDevice, sinceMs: number): void {
    if (known.hearing.heardMs === null) return
    this.#touched.add(known.device.id)
    this.#waiting.leave(known.device.id)
    miss(known, sinceMs, this.#listener)
  }

  #advance(nowMs: number): void {
    if (!this.#started || nowMs >= this.#nextStepMs) this.#takeSteps(nowMs)
    if (nowMs > this.#nowMs) this.#nowMs = nowMs
  }

  #takeSteps(nowMs: number): void {
    const latest = Math.floor(nowMs / stepMs) * stepMs
    if (!this.#started) {
      this.#nextStepMs = latest + stepMs
      this.#duty.step(latest)
    }
    this.#started = true
    const first = Math.max(this.#nextStepMs, latest - stepsAtOnce * stepMs)
    for (let at = first; at <= latest; at += stepMs) this.#step(at)
    this.#nextStepMs = Math.max(this.#nextStepMs, latest + stepMs)
  }

  #step(atMs: number): void {
    this.#nowMs = atMs
    this.#waiting.step(atMs)
    for (const { known, sinceMs } of this.#devices.missed(atMs, this.#resumedMs)) this.#miss(known, sinceMs)
    if (this.#duty.step(atMs)) this.#reviewDuty()
    for (const watch of this.#devices.allRaised()) {
      if (watch.memory.alarm.state !== 'shelved') continue
      move(watch, { type: 'time-passed' }, atMs, this.#listener)
    }
    this.#book.step(atMs)
    this.#stirred = true
  }

  /** Something else is watched from now on. */
  #reviewDuty(): void {
    for (const watch of this.#devices.allRaised())
      move(watch, { type: 'watch-changed' }, this.#nowMs, this.#listener)
    this.#stirred = true
  }

  #tell(said: AlarmInstruction, nowMs: number): string | undefined {
    const watch = this.#devices.find(said.alarm)
    if (!watch) return 'there is no such alarm'
    const was = watch.memory.alarm
    move(watch, observationOf(said), nowMs, this.#listener)
    return watch.memory.alarm === was ? refusal(said, was, nowMs, watch.check.timing) : undefined
  }

  #moved(watch: Watch, was: Alarm, atMs: number): void {
    this.#touched.add(watch.place.device)
    this.#devices.keep(watch)
    const now = watch.memory.alarm
    if (stands(now) === stands(was) && goesOn(now) === goesOn(was)) return
    this.#stirred = true
    if (stands(now) && !stands(was)) return this.#book.raise(raisedBy(watch), this.#nowMs)
    const home = this.#book.incidentOf(watch.key)
    // On the shelf it is quiet, and its incident is as open as before.
    if (goesOn(now) && home !== undefined) return
    const unwatched = isBreached(now)
    this.#book.clear({ key: watch.key, site: watch.place.site, unwatched }, atMs)
    if (home !== undefined || !isReturned(now)) return
    move(
      watch,
      { type: 'acknowledge', by: 'nobody: it ended before anyone was called' },
      atMs,
      this.#listener,
    )
  }

  /** Suppresses what is explained now, and hands out what was decided. */
  #decided(): readonly IncidentChange[] {
    if (!this.#stirred) return nothing
    this.#stirred = false
    for (const { key, by } of this.#book.takeExplained()) {
      const watch = this.#devices.raised(key)
      const said: Observation = by === undefined ? { type: 'release' } : { type: 'suppress', by }
      if (watch) move(watch, said, this.#nowMs, this.#listener)
    }
    return this.#book.takeChanges()
  }
}
