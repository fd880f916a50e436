import { expect, test } from 'vitest'
import { Lifecycle } from './lifecycle.ts'
import { silentLog } from './log.ts'

test('stopping runs backwards, past a step that fails and past one that hangs', async () => {
  const stopped: string[] = []
  const lifecycle = new Lifecycle(silentLog, 20)
  lifecycle.onStop('broker', () => void stopped.push('broker'))
  lifecycle.onStop('hanging', () => new Promise<void>(() => {}))
  lifecycle.onStop('failing', () => {
    throw new Error('no')
  })
  lifecycle.onStop('dashboard', () => void stopped.push('dashboard'))
  await lifecycle.stop()
  expect(stopped).toEqual(['dashboard', 'broker'])
})

test('a second signal joins the first', async () => {
  let stops = 0
  const lifecycle = new Lifecycle(silentLog)
  lifecycle.onStop('broker', () => void stops++)
  await Promise.all([lifecycle.stop(), lifecycle.stop()])
  expect(stops).toBe(1)
})
