'use strict'
/** One MQTT connection for all nodes of the palette, opened when the first of them subscribes and closed with
 *  the last. It speaks with the login that the host put into the settings. */
const mqtt = require('mqtt')

/** Topic filter -> the nodes that listen to it. */
const listeners = new Map()
let client

function subscribe(RED, filter, onMessage, onStatus) {
  const { url, login } = RED.settings.estate
  client ??= mqtt
    .connect(url, {
      ...login,
      clientId: `${login?.username ?? 'estate-pulse'}-flows-${process.pid}`,
      protocolVersion: 4,
      reconnectPeriod: 1000,
    })
    .on('message', deliver)
    .on('error', (cause) => RED.log.warn(`estate: ${cause.message}`))
    .on('connect', () => tell({ fill: 'green', shape: 'dot', text: 'connected' }))
    .on('close', () => tell({ fill: 'red', shape: 'ring', text: 'not connected' }))
  const listener = { onMessage, onStatus }
  const others = listeners.get(filter)
  if (others) others.add(listener)
  else {
    listeners.set(filter, new Set([listener]))
    client.subscribe(filter, { qos: 1 })
  }
  onStatus(
    client.connected
      ? { fill: 'green', shape: 'dot', text: 'connected' }
      : { fill: 'grey', shape: 'ring', text: 'connecting' },
  )
  return () => unsubscribe(filter, listener)
}

function unsubscribe(filter, listener) {
  const others = listeners.get(filter)
  others?.delete(listener)
  if (others?.size === 0) {
    listeners.delete(filter)
    client?.unsubscribe(filter)
  }
  if (listeners.size > 0) return
  client?.end(true)
  client = undefined
}

function deliver(topic, payload) {
  for (const [filter, nodes] of listeners) {
    if (!matches(filter, topic)) continue
    for (const { onMessage } of nodes) onMessage(topic, payload)
  }
}

function tell(status) {
  for (const nodes of listeners.values()) for (const { onStatus } of nodes) onStatus(status)
}

/** [MQTT-4.7.1] `+` stands for one level, a trailing `#` for the rest. */
function matches(filter, topic) {
  const wanted = filter.split('/')
  const given = topic.split('/')
  const rest = wanted.indexOf('#')
  if (rest < 0 && wanted.length !== given.length) return false
  const levels = rest < 0 ? wanted : wanted.slice(0, rest)
  return levels.length <= given.length && levels.every((level, at) => level === '+' || level === given[at])
}

module.exports = { subscribe, matches }
