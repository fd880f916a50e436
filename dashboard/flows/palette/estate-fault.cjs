'use strict'
/** *fault*: a message whenever an incident opens, grows, recovers or is merged into another. */
const { subscribe } = require('./estate-connection.cjs')

module.exports = function (RED) {
  function EstateFault(config) {
    RED.nodes.createNode(this, config)
    const release = subscribe(
      RED,
      `srv/1/fault/${config.site || '+'}/#`,
      (topic, bytes) => {
        const fault = JSON.parse(bytes.toString('utf8'))
        if (config.severity && fault.severity > config.severity) return
        this.send({ topic, payload: fault })
      },
      (status) => this.status(status),
    )
    this.on('close', release)
  }
  RED.nodes.registerType('estate-fault', EstateFault)
}
