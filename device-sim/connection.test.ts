import { expect, test } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { DeviceConnection } from './connection.ts'
import { mulberry32 } from './random.ts'

test('a device that nobody hears keeps its last words, forgets the oldest, and says how many', async () => {
  const connection = new DeviceConnection({
    brokerUrl: 'mqtt://127.0.0.1:1',
    identity: { site: 'hengkang', kind: 'gateway', device: 'hengkang-b01-gw' },
    boot: () => 1,
    password: 'secret',
    nowMs: () => 0,
    random: mulberry32(1),
    clock: systemClock,
    log: silentLog,
    memory: 3,
  })
  connection.start()
  for (let t = 0; t < 5; t++)
    connection.say({
      t,
      device: 'hengkang-b01-gw',
      topic: 'x',
      payload: new Uint8Array(),
      qos: 1,
      retain: false,
    })
  expect(connection.counts()).toMatchObject({ connected: 0, waiting: 3, forgotten: 2, acknowledged: 0 })
  await connection.stop()
})
