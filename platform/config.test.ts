import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'

test('without any variable the system runs on its own machine with its own stores', () => {
  expect(parseConfig({})).toEqual({
    dataDir: './data',
    mqtt: { host: '127.0.0.1', port: 1883 },
    http: { host: '127.0.0.1', port: 8080 },
    intakeMaxBytes: 1024 ** 3,
    keepDays: { raw: 35, minute: 366, hour: 3_653 },
    timeZone: 'Asia/Shanghai',
    logLevel: 'info',
  })
})

test('every mistake of the operator is listed at once', () => {
  const environment = {
    MQTT_PORT: '70000',
    HTTP_PORT: 'web',
    INFLUX_URL: 'localhost',
    SITE_TIMEZONE: 'Asia/Yangquan',
    MQTT_URL: 'amqp://broker.example',
    MQTT_PASSWORD: 'alone',
  }
  for (const name of Object.keys(environment)) expect(() => parseConfig(environment)).toThrow(name)
})

test.each(['MQTT_TLS_PORT', 'MQTT_WS_PORT', 'DATABASE_URL', 'INFLUX_TOKEN'])(
  'a variable for something not built yet is a mistake, not ignored: %s',
  (name) => {
    expect(() => parseConfig({ [name]: '1' })).toThrow(`${name} is set, but this version cannot do that yet`)
  },
)

test('history is kept as long as the operator says, the coarser at least as long as the finer', () => {
  expect(parseConfig({ HISTORY_RAW_DAYS: '400', HISTORY_MINUTE_DAYS: '400' }).keepDays).toMatchObject({
    raw: 400,
  })
  expect(() => parseConfig({ HISTORY_RAW_DAYS: '400' })).toThrow('HISTORY_MINUTE_DAYS')
  expect(() => parseConfig({ HISTORY_HOUR_DAYS: '30' })).toThrow('HISTORY_HOUR_DAYS')
  expect(() => parseConfig({ HISTORY_RAW_DAYS: '0' })).toThrow('HISTORY_RAW_DAYS')
})

test('the intake log takes as much as the operator gives it, and never nothing', () => {
  expect(parseConfig({ INTAKE_MAX_MIB: '4' }).intakeMaxBytes).toBe(4 * 1024 ** 2)
  expect(() => parseConfig({ INTAKE_MAX_MIB: '0' })).toThrow('INTAKE_MAX_MIB')
})

test('an empty variable counts as not set', () => {
  expect(parseConfig({ INFLUX_URL: '', DATABASE_URL: '' }).influx).toBeUndefined()
})

test('an InfluxDB login needs both halves and an address', () => {
  expect(() => parseConfig({ INFLUX_URL: 'http://127.0.0.1:8086', INFLUX_USERNAME: 'a' })).toThrow(
    'go together',
  )
  expect(() => parseConfig({ INFLUX_USERNAME: 'a', INFLUX_PASSWORD: 'b' })).toThrow('without INFLUX_URL')
})

test('an external broker takes the place of our own, with its login apart from its address', () => {
  const login = { MQTT_USERNAME: 'estate', MQTT_PASSWORD: 'secret' }
  const url = 'mqtts://broker.example:8883'
  expect(parseConfig({ MQTT_URL: url, ...login }).mqtt.external).toEqual({
    url,
    login: { username: 'estate', password: 'secret' },
  })
  expect(parseConfig({ MQTT_URL: 'ws://10.0.0.2:9001/mqtt' }).mqtt.external).toEqual({
    url: 'ws://10.0.0.2:9001/mqtt',
  })
  expect(() => parseConfig(login)).toThrow('MQTT_USERNAME: has no meaning without MQTT_URL')
  expect(() => parseConfig({ MQTT_URL: url, MQTT_USERNAME: 'estate' })).toThrow('go together')
  expect(() => parseConfig({ MQTT_URL: 'mqtt://estate:secret@broker.example' })).toThrow('MQTT_USERNAME')
})

test('where our own broker would listen may stay set beside an external one, as in a unit file', () => {
  const { mqtt } = parseConfig({ MQTT_URL: 'mqtt://10.0.0.2', MQTT_HOST: '0.0.0.0', MQTT_PORT: '1884' })
  expect(mqtt.external).toEqual({ url: 'mqtt://10.0.0.2' })
})
