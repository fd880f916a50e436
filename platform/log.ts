import { pino, type Logger } from 'pino'

export type Log = Logger

/** JSON lines on standard error; standard output belongs to what the operator asked to see. */
export function openLog(role: string, level: string): Log {
  return pino({ level, base: { role } }, pino.destination({ dest: 2, sync: true }))
}

/** For tests that do not care. */
export const silentLog: Log = pino({ level: 'silent' })
