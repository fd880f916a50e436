import mqtt from 'mqtt'
import { afterEach, expect, test } from 'vitest'
import * as answers from './support/answers.ts'
import { importDemoEstate } from './support/demo-estate.ts'
import { groupMembers, RunningSystem, until } from './support/system.ts'

let system: RunningSystem | undefined

afterEach(async () => {
  await system?.stop()
  system = undefined
})

/** Publishes readings of one building until told to stop; resolves with the values that were acknowledged. */
function keepPublishing(url: string, credential: { username: string; password: string }) {
  const client = mqtt.connect(url, { ...credential, clientId: credential.username, reconnectPeriod: 100 })
  const acknowledged: number[] = []
  const device = credential.username
  let publishing = true
  const startedMs = Date.now()
  const done = (async () => {
    for (let seq = 1; publishing; seq++) {
      const payload = JSON.stringify({
        c: 'heat-entrance/1.0',
        b: 1,
        s: seq,
        t: startedMs + seq,
        k: 'n',
        d: { p_ret_kpa: 200 + (seq % 40) },
      })
      await client.publishAsync(`est/1/hengkang/heat-entrance/${device}/tele`, payload, { qos: 1 })
      acknowledged.push(seq)
    }
    await client.endAsync()
    return { device, acknowledged, startedMs }
  })()
  return { acknowledged, stop: () => ((publishing = false), done) }
}

test('kill -9 of ingest, twice, loses no acknowledged reading and counts none twice', async () => {
  system = await RunningSystem.start()
  await importDemoEstate(system)
  await system.signIn()
  const running = system
  const devices = ['hengkang-b01-heat', 'hengkang-b02-heat', 'hengkang-b03-heat']
  const publishers = await Promise.all(
    devices.map(async (device) => keepPublishing(running.mqttUrl, await running.issueCredential(device))),
  )
  const fewest = () => Math.min(...publishers.map(({ acknowledged }) => acknowledged.length))
  for (const milestone of [300, 600]) {
    await until(`${milestone} acknowledged readings`, () => fewest() >= milestone || undefined)
    await system.killRole('ingest')
  }
  await until('readings after the second restart', () => fewest() >= 900 || undefined)
  const results = await Promise.all(publishers.map((publisher) => publisher.stop()))

  await until(
    'the dashboard after the restart',
    async () => (await running.fetch('/readyz').catch(() => undefined))?.ok || undefined,
  )
  const total = await until('an empty queue', async () => {
    const { total } = await running.api('/api/v1/ledger', answers.ledger)
    return total.pending === 0 ? total : undefined
  })
  const acknowledged = results.reduce((sum, result) => sum + result.acknowledged.length, 0)
  console.log(
    `acknowledged ${acknowledged} stored ${total.stored} duplicate ${total.duplicate} quarantined ${total.quarantined}`,
  )
  expect(total.accepted).toBe(total.stored + total.duplicate + total.quarantined)
  expect(total).toMatchObject({ stored: acknowledged, quarantined: 0 })

  for (const { device, acknowledged, startedMs } of results) {
    const { buckets } = await running.api(
      `/api/v1/devices/${device}/history?signal=p_ret_kpa&from=${startedMs}&to=${startedMs + acknowledged.length + 1}&points=10000`,
      answers.history,
    )
    expect(
      buckets.reduce((sum, bucket) => sum + bucket.count, 0),
      device,
    ).toBe(acknowledged.length)
  }
})

test('Ctrl-C stops everything within 5 s, cleanly, and leaves no process behind', async () => {
  system = await RunningSystem.start({ roles: ['broker', 'ingest', 'dashboard', 'flows', 'sim'] })
  const { pid } = system
  expect((await groupMembers(pid)).length).toBeGreaterThan(2)
  const before = performance.now()
  expect(await system.stop()).toBe(0)
  expect(performance.now() - before).toBeLessThan(5_000)
  expect(await groupMembers(pid)).toEqual([])
  expect(system.stderr).not.toMatch(/did not stop cleanly|"level":60/)
})

test('a wrong setting is told at once, all mistakes together, and nothing is started', async () => {
  const starting = RunningSystem.start({ environment: { MQTT_PORT: '99999', DATABASE_URL: 'postgres://x' } })
  await expect(starting).rejects.toThrow(/MQTT_PORT[\s\S]*DATABASE_URL/)
})
