import { useEffect, useRef, useState } from 'preact/hooks'
import type { DeviceView } from '../../protocol.ts'
import { arrangeDevices, countDevices, deviceStates, seenAs, type DeviceState } from './device-order.ts'
import type { Sight } from './heat-point.ts'
import { Mark } from './mark.tsx'
import { say, sayAge } from './say.ts'
import { opsTexts, type OpsText } from './texts.ts'

/** What fits on a phone without pushing the rest away; the worst come first. */
const shownAtFirst = 12

interface DevicesOf {
  devices: readonly DeviceView[]
  sight: Sight
  /** The device somebody came here for: the first of the list. */
  sought: string | undefined
}

export function DeviceList({ devices, sight, sought }: DevicesOf) {
  const [only, setOnly] = useState<DeviceState>()
  const [all, setAll] = useState(false)
  const seen = devices.map((device) => seenAs(device, sight))
  const counts = countDevices(seen)
  const arranged = arrangeDevices(only === undefined ? seen : seen.filter(({ state }) => state === only))
  const wanted = [
    ...arranged.filter(({ id }) => id === sought),
    ...arranged.filter(({ id }) => id !== sought),
  ]
  const hidden = all ? 0 : Math.max(0, wanted.length - shownAtFirst)
  return (
    <section class="panel devices" aria-labelledby="devices-name">
      <h2 class="panel-name" id="devices-name">
        {say('devices')} <b class="badge">{devices.length}</b>
      </h2>
      <div class="chips" role="group" aria-labelledby="devices-name">
        <button
          class="chip"
          type="button"
          aria-pressed={only === undefined}
          onClick={() => setOnly(undefined)}
        >
          {say('devices-all')}
        </button>
        {deviceStates
          .filter((state) => counts[state] > 0)
          .map((state) => (
            <button
              key={state}
              class="chip"
              type="button"
              data-state={state}
              aria-pressed={only === state}
              onClick={() => setOnly(state)}
            >
              <Mark state={state} /> {say(`device-${state}`)} <b>{counts[state]}</b>
            </button>
          ))}
      </div>
      {wanted.length === 0 && <p class="nothing">{say('devices-none')}</p>}
      <ul class="device-rows" tabIndex={0} aria-labelledby="devices-name">
        {wanted.slice(0, wanted.length - hidden).map((device) => (
          <DeviceRow key={device.id} device={device} nowMs={sight.nowMs} isSought={device.id === sought} />
        ))}
      </ul>
      {hidden > 0 && (
        <button class="more" type="button" onClick={() => setAll(true)}>
          {say('more', { count: hidden })}
        </button>
      )}
    </section>
  )
}

function DeviceRow({ device, nowMs, isSought }: { device: DeviceView; nowMs: number; isSought: boolean }) {
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isSought) row.current?.scrollIntoView({ block: 'center' })
  }, [isSought])
  const { id, kind, state, lastSeen, clock } = device
  return (
    <li
      ref={row}
      class="device"
      data-state={state}
      data-device={id}
      aria-current={isSought ? 'true' : undefined}
    >
      <Mark state={state} />
      <span class="device-id">
        <code>{id}</code>
        <small>{clock === undefined ? sayKind(kind) : `${sayKind(kind)} · ${sayClock(clock)}`}</small>
      </span>
      <span class="device-state">
        <span>{say(`device-${state}`)}</span>
        <small>{lastSeen === undefined ? say('age-never') : sayAge(nowMs - lastSeen)}</small>
      </span>
    </li>
  )
}

function sayClock({ state, offsetMs }: NonNullable<DeviceView['clock']>): string {
  const minutes = Math.abs(offsetMs) / 60_000
  if (state === 'unset' || minutes === 0) return say('clock-unset')
  return say(offsetMs > 0 ? 'clock-ahead' : 'clock-behind', { count: minutes })
}

/** A kind that this page does not know yet is called by its own name. */
function sayKind(kind: string): string {
  const key = `kind-${kind}`
  return isText(key) ? say(key) : kind
}

function isText(key: string): key is OpsText {
  return key in opsTexts.en
}
