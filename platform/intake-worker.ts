import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { systemClock } from './clock.ts'
import type { IntakeAnswer, IntakeRequest } from './intake-exchange.ts'
import { IntakeFile } from './intake-file.ts'

/** The one writer of the intake log, in a thread of its own: the broker's event loop never waits for a disk.
 *  What cannot be written is answered with the reason. A file that turns out to be damaged ends the thread, and
 *  with it the role; the next start repairs it. */

const careMs = 500

const options = z.object({ file: z.string(), originPosition: z.number() }).parse(workerData)
const file = new IntakeFile(options)

const stopCare = systemClock.every(careMs, () => care())

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const answer = (message: IntakeAnswer) => parentPort?.postMessage(message)

function append(batch: Extract<IntakeRequest, { type: 'append' }>): void {
  const began = performance.now()
  try {
    file.append(batch)
  } catch (cause) {
    return answer({ type: 'refused', reason: reasonOf(cause) })
  }
  const { end, bytes } = file
  answer({ type: 'appended', end, bytes, seconds: (performance.now() - began) / 1000 })
}

/** Reports that cannot be written come again. */
function report(positions: readonly [consumer: string, position: number][]): void {
  try {
    file.report(positions)
    answer({ type: 'trimmed', bytes: file.bytes })
  } catch (cause) {
    reasonOf(cause)
  }
}

function care(): void {
  const wasFull = file.diskFull
  file.care()
  if (wasFull && !file.diskFull) answer({ type: 'recovered' })
}

/** Throws what only a new start can repair. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) throw cause
  const code = 'code' in cause ? String(cause.code) : ''
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') throw cause
  return file.diskFull ? 'the disk is full' : cause.message
}

parentPort?.on('message', (request: IntakeRequest) => {
  switch (request.type) {
    case 'append':
      return append(request)
    case 'cursors':
      return report(request.positions)
    case 'stop':
      stopCare()
      file.close()
      parentPort?.close()
  }
})
answer({ type: 'opened', end: file.end, bytes: file.bytes, damage: file.damage })
