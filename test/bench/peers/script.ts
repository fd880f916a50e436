import { InfluxDB, Point } from '@influxdata/influxdb-client'
import { connect } from 'mqtt'
import { z } from 'zod'

/** What somebody would write by hand instead of Estate Pulse: every reading that Mosquitto hands on becomes a
 *  point, and the InfluxDB client sends a thousand at a time. It checks nothing, and a reading is
 *  acknowledged before it is anywhere. Part of the benchmark; `MQTT_PORT` and `INFLUX_PORT` say where. */
const { MQTT_PORT, INFLUX_PORT } = z
  .object({ MQTT_PORT: z.string(), INFLUX_PORT: z.string() })
  .parse(process.env)

interface Payload {
  t: number
  d: {
    p_sup_kpa: number
    p_ret_kpa: number
    dp_kpa: number
    t_sup_c10: number
    t_ret_c10: number
    flow_lph: number
  }
}

const influx = new InfluxDB({ url: `http://127.0.0.1:${INFLUX_PORT}`, token: '' })
const points = influx.getWriteApi('', '', 'ms', { batchSize: 1_000, flushInterval: 250 })
points.path = '/write?db=bench&precision=ms'

const client = connect(`mqtt://127.0.0.1:${MQTT_PORT}`, { clientId: 'script', protocolVersion: 4 })
client.on('connect', () => {
  client.subscribe('est/1/+/heat-entrance/+/tele', { qos: 1 }, () => process.stdout.write('ready\n'))
})
client.on('message', (topic, bytes) => {
  const [, , site = '', , device = ''] = topic.split('/')
  const { t, d }: Payload = JSON.parse(bytes.toString())
  points.writePoint(
    new Point('heat-entrance')
      .tag('site', site)
      .tag('device', device)
      .floatField('p_sup_kpa', d.p_sup_kpa)
      .floatField('p_ret_kpa', d.p_ret_kpa)
      .floatField('dp_kpa', d.dp_kpa)
      .floatField('t_sup_c10', d.t_sup_c10)
      .floatField('t_ret_c10', d.t_ret_c10)
      .floatField('flow_lph', d.flow_lph)
      .timestamp(t),
  )
})
process.on('SIGTERM', () => process.exit(0))
