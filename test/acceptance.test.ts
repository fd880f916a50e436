import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import * as answers from './support/answers.ts'
import { importDemoEstate } from './support/demo-estate.ts'
import { startInfluxd, type RunningInfluxd } from './support/influxd.ts'
import { missing } from './support/programs.ts'
import { run, RunningSystem, until } from './support/system.ts'

/** Somebody else's program as a device: `mosquitto_pub` against the whole system with a real InfluxDB. */

const entrance = 'hengkang-b01-heat'
const topic = `est/1/hengkang/heat-entrance/${entrance}/tele`
const lacking = ['influxd', 'influx', 'mosquitto_pub'].flatMap((program) => missing(program) ?? [])

describe.skipIf(lacking.length > 0)(`a device by someone else's program ${lacking.join('; ')}`, () => {
  let influxd: RunningInfluxd
  let system: RunningSystem
  let password: string
  let seq = 0

  beforeAll(async () => {
    influxd = await startInfluxd()
    system = await RunningSystem.start({
      environment: { INFLUX_URL: influxd.url, INFLUX_DATABASE: 'acceptance' },
    })
    await importDemoEstate(system)
    await system.signIn()
    password = (await system.issueCredential(entrance)).password
  })

  afterAll(async () => {
    await system?.stop()
    await influxd?.stop()
  })

  const reading = (values: Record<string, number>, t = Date.now()) =>
    JSON.stringify({ c: 'heat-entrance/1.0', b: 1, s: ++seq, t, k: 'n', d: values })

  const publish = (payload: string, options: { to?: string; as?: string; secret?: string } = {}) =>
    run('mosquitto_pub', [
      ...['-h', '127.0.0.1', '-p', system.mqttPort, '-q', '1', '-i', `test-${seq}`],
      ...['-u', options.as ?? entrance, '-P', options.secret ?? password],
      ...['-t', options.to ?? topic, '-m', payload],
    ])

  const ledgerOf = async (device: string) => {
    const { devices } = await system.api('/api/v1/ledger', answers.ledger)
    const line = devices.find((own) => own.device === device)
    if (!line) throw new Error(`${device} has no line in the ledger`)
    return line
  }

  const refusedOf = async (device: string) => {
    const { devices } = await system.api('/api/v1/ledger', answers.ledger)
    return devices.find((own) => own.device === device)?.refused ?? 0
  }

  test('a pressure reading is acknowledged, stored in InfluxDB and shown live', async () => {
    expect(await publish(reading({ p_sup_kpa: 352, p_ret_kpa: 223 }))).toMatchObject({ code: 0 })

    const query = `select p_ret_kpa, seq from "heat-entrance" where device = '${entrance}'`
    const rows = await until('the reading in InfluxDB', async () => {
      const { stdout } = await run('influx', [
        ...['-host', '127.0.0.1', '-port', new URL(influxd.url).port, '-database', 'acceptance'],
        ...['-format', 'csv', '-execute', query],
      ])
      return stdout.includes(',223,') ? stdout : undefined
    })
    expect(rows).toContain(`,223,${seq}`)

    const shown = await until('the reading on the live API', async () => {
      const device = await system.api(`/api/v1/devices/${entrance}`, answers.device)
      return device.signals.find(({ signal }) => signal === 'p_ret_kpa')
    })
    expect(shown).toMatchObject({ value: 223 })

    const since = Date.now() - 60_000
    const past = await system.api(
      `/api/v1/devices/${entrance}/history?signal=p_ret_kpa&from=${since}&to=${Date.now() + 1_000}&points=10`,
      answers.history,
    )
    expect(past).toMatchObject({ signal: 'p_ret_kpa', unit: 'kPa' })
    expect(past.buckets.at(-1)).toMatchObject({ min: 223, max: 223, mean: 223, count: 1 })
  })

  test('the same message sent again is acknowledged, counted and not stored twice', async () => {
    const message = reading({ p_sup_kpa: 350, p_ret_kpa: 222 })
    const before = await ledgerOf(entrance)
    await publish(message)
    await publish(message)
    const after = await until('both messages in the ledger', async () => {
      const line = await ledgerOf(entrance)
      return line.accepted === before.accepted + 2 && line.pending === 0 ? line : undefined
    })
    expect(after).toMatchObject({ stored: before.stored + 1, duplicate: before.duplicate + 1 })
  })

  test('broken JSON is acknowledged, quarantined with its reason, and the device is told', async () => {
    const told = run('mosquitto_sub', [
      ...['-h', '127.0.0.1', '-p', system.mqttPort, '-u', entrance, '-P', password, '-q', '1'],
      ...['-t', `est/1/hengkang/heat-entrance/${entrance}/reject`, '-C', '1', '-W', '20'],
    ])
    const answer = await until('the answer on the reject topic', async () => {
      expect(await publish('{"c":"heat-entrance/1.0",')).toMatchObject({ code: 0 })
      return Promise.race([told, new Promise<undefined>((resolve) => setTimeout(resolve, 500))])
    })
    expect(JSON.parse(answer.stdout)).toMatchObject({ reason: 'not-json', path: '' })
    const { items } = await system.api('/api/v1/quarantine', answers.quarantine)
    expect(items).toContainEqual(expect.objectContaining({ device: entrance, topic, reason: 'not-json' }))
  })

  test('a value outside its range is quarantined with the path of the fault', async () => {
    await publish(reading({ p_sup_kpa: 352, p_ret_kpa: -1 }))
    const item = await until('the refusal in quarantine', async () => {
      const { items } = await system.api('/api/v1/quarantine', answers.quarantine)
      return items.find(({ path }) => path === 'd.p_ret_kpa')
    })
    expect(item).toMatchObject({ device: entrance, reason: 'value-invalid', count: 1 })
  })

  test('a wrong password is refused', async () => {
    expect((await publish(reading({ p_ret_kpa: 1 }), { secret: 'wrong' })).code).not.toBe(0)
  })

  test.each([
    ["another device's topic", { to: 'est/1/hengkang/heat-entrance/hengkang-b02-heat/tele' }],
    ['a $SYS topic', { to: '$SYS/broker/uptime' }],
    ['a server topic', { to: 'srv/1/status' }],
    ['a command to itself', { to: `est/1/hengkang/heat-entrance/${entrance}/cmd/reboot` }],
  ])('%s is refused, counted, and never accepted', async (_, where) => {
    const [accepted, refused] = [(await ledgerOf(entrance)).accepted, await refusedOf(entrance)]
    await publish(reading({ p_ret_kpa: 111 }), where)
    await until('the refusal in the ledger', async () => (await refusedOf(entrance)) > refused || undefined)
    expect((await ledgerOf(entrance)).accepted).toBe(accepted)
  })

  test('a payload of 1 MiB closes the connection, and what came before it is kept', async () => {
    const before = await ledgerOf(entrance)
    await publish(reading({ p_sup_kpa: 351, p_ret_kpa: 221 }))
    await run('sh', [
      '-c',
      `head -c 1048576 /dev/zero | tr '\\0' x | mosquitto_pub -h 127.0.0.1 -p ${system.mqttPort} -q 1 -u ${entrance} -P ${password} -t ${topic} -s`,
    ])
    const after = await until('the kept reading', async () => {
      const line = await ledgerOf(entrance)
      return line.stored === before.stored + 1 ? line : undefined
    })
    expect(after.accepted).toBe(before.accepted + 1)
  })

  test('at the end every accepted message is accounted for', async () => {
    const { total, devices, imbalance } = await until('an empty queue', async () => {
      const now = await system.api('/api/v1/ledger', answers.ledger)
      return now.total.pending === 0 ? now : undefined
    })
    expect(imbalance).toBe(0)
    for (const line of [total, ...devices]) {
      expect(line.accepted).toBe(line.stored + line.quarantined + line.duplicate + line.pending)
    }
  })

  test('health, readiness and metrics speak for all roles', async () => {
    expect((await system.fetch('/healthz')).status).toBe(200)
    expect((await system.fetch('/readyz')).status).toBe(200)
    const metrics = await (await system.fetch('/metrics')).text()
    expect(metrics).toMatch(/estate_broker_\w+.*role="broker"/)
    expect(metrics).toMatch(/estate_ingest_messages_total\{.*outcome="stored".*\} [1-9]/)
  })

  test('what the API says of itself is an OpenAPI document', async () => {
    const document = await system.api(
      '/api/v1/openapi.json',
      z.object({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) }),
    )
    expect(document.openapi).toMatch(/^3\.1/)
    expect(Object.keys(document.paths)).toContain('/api/v1/ledger')
  })
})
