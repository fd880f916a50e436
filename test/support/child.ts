import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Somebody else's server as a child of a test. */
const logKept = 100_000
const stopLimitMs = 5_000

export interface Expected {
  /** For the error. */
  name: string
  /** What the log says when it is ready. */
  line: RegExp
  limitMs: number
}

/** Resolves with what matched once standard error says so; rejects when the child ends before that, or takes too
 *  long. Reads the log to its end all the while, so that the pipe never fills; the child ends with this process. */
export function logged(child: ChildProcess, { name, line, limitMs }: Expected): Promise<RegExpExecArray> {
  const killWithUs = () => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  return new Promise((resolve, reject) => {
    let log = ''
    const fail = (why: string) => reject(new Error(`${name} ${why}\n${log}`))
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`was not ready within ${limitMs} ms`)
    }, limitMs)
    child.once('error', (cause) => fail(cause.message))
    child.once('exit', (code) => fail(`ended with ${code}`))
    child.stderr?.on('data', (chunk: Buffer) => {
      if (log.length < logKept) log += chunk.toString()
      const match = line.exec(log)
      if (!match) return
      clearTimeout(limit)
      resolve(match)
    })
  })
}

/** Also one that is frozen. */
export async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGCONT')
  child.kill(signal)
  const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
  await gone
  clearTimeout(limit)
}
