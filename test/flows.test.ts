import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { importDemoEstate } from './support/demo-estate.ts'
import { RunningSystem, until } from './support/system.ts'

/** Node-RED behind the staff login, in a process that may die without anyone else noticing. */

const entrance = 'hengkang-b01-heat'

describe('automation by people who do not write code', () => {
  let system: RunningSystem
  let admin: string
  let device: mqtt.MqttClient
  let seq = 0

  beforeAll(async () => {
    system = await RunningSystem.start()
    await importDemoEstate(system)
    admin = (await system.signIn()).cookie
    device = await mqtt.connectAsync(system.mqttUrl, await system.issueCredential(entrance))
  })

  afterAll(async () => {
    await device?.endAsync()
    await system?.stop()
  })

  const publish = () => {
    const reading = {
      c: 'heat-entrance/1.0',
      b: 1,
      s: ++seq,
      t: Date.now(),
      k: 'n',
      d: { p_ret_kpa: 200 + (seq % 40) },
    }
    return device.publishAsync(`est/1/hengkang/heat-entrance/${entrance}/tele`, JSON.stringify(reading), {
      qos: 1,
    })
  }

  const flows = (path: string, init: RequestInit = {}) =>
    system.fetch(path, {
      ...init,
      headers: { cookie: admin, accept: 'application/json', 'content-type': 'application/json' },
    })

  /** Replaces all flows by these nodes on one tab. */
  const deploy = (nodes: readonly Record<string, unknown>[]) =>
    flows('/flows/flows', {
      method: 'POST',
      body: JSON.stringify([
        { id: 'tab', type: 'tab', label: 'test' },
        ...nodes.map((node) => ({ z: 'tab', x: 0, y: 0, ...node })),
      ]),
    })

  test('a stranger gets 401 and Node-RED is not even started', async () => {
    expect((await system.fetch('/flows/')).status).toBe(401)
    expect((await system.fetch('/flows/flows', { method: 'POST', body: '[]' })).status).toBe(401)
    expect(system.rolePid('flows')).toBeUndefined()
  })

  test('staff who are not admin get 403', async () => {
    const { stdout } = await system.cli('staff', 'add', 'li', '--role', 'engineer')
    const { name, password } = z.object({ name: z.string(), password: z.string() }).parse(JSON.parse(stdout))
    const session = await system.fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, password }),
    })
    const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await system.fetch('/flows/', { headers: { cookie } })).status).toBe(403)
  })

  test('an admin finds the editor with our nodes and the example flow', async () => {
    expect((await flows('/flows/')).status).toBe(200)
    const nodes = z
      .array(z.object({ types: z.array(z.string()), enabled: z.boolean() }))
      .parse(await (await flows('/flows/nodes')).json())
    const ours = nodes.filter(({ types }) => types.some((type) => type.startsWith('estate-')))
    expect(ours.map(({ types, enabled }) => [types[0], enabled])).toEqual(
      expect.arrayContaining([
        ['estate-reading', true],
        ['estate-fault', true],
      ]),
    )
    const example = z.array(z.object({ type: z.string() })).parse(await (await flows('/flows/flows')).json())
    expect(example.map(({ type }) => type)).toContain('estate-fault')
  })

  test('a reading reaches a flow that asks for it', async () => {
    const file = join(system.dataDir, 'heard.txt')
    const deployed = await deploy([
      {
        id: 'r',
        type: 'estate-reading',
        site: 'hengkang',
        kind: 'heat-entrance',
        device: '',
        wires: [['f']],
      },
      {
        id: 'f',
        type: 'function',
        func: 'msg.payload = `${msg.reading.device} ${msg.payload.p_ret_kpa}`; return msg',
        outputs: 1,
        wires: [['w']],
      },
      {
        id: 'w',
        type: 'file',
        filename: file,
        filenameType: 'str',
        appendNewline: true,
        createDir: false,
        overwriteFile: 'false',
        encoding: 'none',
        wires: [[]],
      },
    ])
    expect(deployed.status).toBeLessThan(300)
    await until('the reading in the flow', async () => {
      await publish()
      return existsSync(file) || undefined
    })
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${entrance} 2\\d\\d\n`))
  })

  test('a flow that spins and a flow process that is killed leave the rest untouched', async () => {
    const spinning = deploy([
      {
        id: 'i',
        type: 'inject',
        props: [{ p: 'payload' }],
        once: true,
        onceDelay: '0',
        repeat: '',
        crontab: '',
        wires: [['s']],
      },
      { id: 's', type: 'function', func: 'while (true) {}', outputs: 1, wires: [[]] },
    ])
    await Promise.race([spinning.catch(() => undefined), publish()])
    for (let count = 0; count < 20; count++) await publish()
    expect((await system.fetch('/readyz')).status).toBe(200)
    const others = ['broker', 'ingest'].map((role) => system.rolePid(role))
    await system.killRole('flows')
    await publish()
    expect(['broker', 'ingest'].map((role) => system.rolePid(role))).toEqual(others)
    await spinning.catch(() => undefined)
  })
})
