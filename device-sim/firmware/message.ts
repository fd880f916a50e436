/** One MQTT publish of one device, on its way to whoever carries it: a live connection, a test, a digest. */
export interface Outgoing {
  /** When the broker gets it, simulated epoch ms. */
  t: number
  /** The connection it goes out on: the device itself, or the gateway that speaks for it. */
  device: string
  topic: string
  payload: Uint8Array
  qos: 1
  retain: boolean
  /** The device's last will: the broker says it, because the line is dead. */
  will?: boolean
}
