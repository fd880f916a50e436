'use strict'
/** *reading*: a message for every sample of the devices it is set to. It subscribes only while a flow uses it. */
const { decode } = require('../../../firmware-contracts/decode.ts')
const { subscribe } = require('./estate-connection.cjs')

module.exports = function (RED) {
  function EstateReading(config) {
    RED.nodes.createNode(this, config)
    const level = (name) => config[name] || '+'
    const filter = `est/1/${level('site')}/${level('kind')}/${level('device')}/tele/#`
    const release = subscribe(
      RED,
      filter,
      (topic, bytes) => {
        const decoded = decode(topic, bytes)
        if (!decoded.ok || decoded.message.type !== 'readings') return
        for (const reading of decoded.message.readings) this.send({ topic, payload: reading.values, reading })
      },
      (status) => this.status(status),
    )
    this.on('close', release)
  }
  RED.nodes.registerType('estate-reading', EstateReading)
}
