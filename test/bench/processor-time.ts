import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Who used the processor, from /proc: the benchmark's own processes by name, and everybody else together.
 *
 *  The benchmark's own are all its descendants, so nothing has to be told whom to count. Interrupt time is
 *  nobody's: with packets on the loopback it is mostly ours, and it counts for neither side. */
const ticksPerS = 100

export interface Shares {
  /** Process -> processor seconds per second: 1 is one core. */
  processes: Map<string, Share>
  /** Everybody else, in cores. */
  foreign: number
  /** Unused, in cores. */
  idle: number
  cores: number
}

export interface Share {
  /** All threads, in cores. */
  all: number
  /** The thread that runs JavaScript, or the busiest one of a program that has no such thing. */
  busiest: number
}

interface Usage {
  name: string
  seconds: number
  threads: Map<string, number>
}

interface Reading {
  atMs: number
  own: Map<string, Usage>
  /** Seconds since the machine started. */
  busy: number
  idle: number
}

export class ProcessorTime {
  readonly #start = read()

  /** Shares since this object was made. */
  shares(): Shares {
    const [was, now] = [this.#start, read()]
    const seconds = (now.atMs - was.atMs) / 1000
    const processes = new Map<string, Share>()
    let own = 0
    for (const [pid, { name, seconds: used, threads }] of now.own) {
      const before = was.own.get(pid)
      const all = (used - (before?.seconds ?? 0)) / seconds
      const each = [...threads].map(([thread, used]) => (used - (before?.threads.get(thread) ?? 0)) / seconds)
      own += all
      processes.set(name, { all, busiest: Math.max(...each) })
    }
    const busy = (now.busy - was.busy) / seconds
    return {
      processes,
      foreign: Math.max(0, busy - own),
      idle: (now.idle - was.idle) / seconds,
      cores: availableParallelism(),
    }
  }
}

/** The process that had nothing left to give, in words. */
export function saturated({ processes, idle, cores }: Shares): string {
  const [name, share] = [...processes].toSorted(([, a], [, b]) => b.busiest - a.busiest)[0] ?? []
  if (name === undefined || !share) return 'nothing'
  const core = `${name} (${percent(share.busiest)} of a core in one thread)`
  if (share.busiest > 0.9) return core
  if (idle < 0.1 * cores) return `all ${cores} cores, most of it ${core}`
  return `nothing, with ${percent(idle)} of a core to spare; the busiest is ${core}`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function read(): Reading {
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, , , stolen = 0] = (
    /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? ''
  )
    .split(' ')
    .map((ticks) => Number(ticks) / ticksPerS)
  return {
    atMs: performance.now(),
    own: descendants(),
    busy: user + nice + system + stolen,
    idle: idle + waiting,
  }
}

/** This process and all below it. */
function descendants(): Map<string, Usage> {
  const stats = new Map<string, Stat>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(`/proc/${pid}/stat`)
    if (stat) stats.set(pid, stat)
  }
  const isOurs = (pid: string): boolean => {
    if (pid === String(process.pid)) return true
    const parent = stats.get(pid)?.parent
    return parent !== undefined && isOurs(parent)
  }
  const found = new Map<string, Usage>()
  for (const [pid, { seconds, command }] of stats) {
    if (isOurs(pid)) found.set(pid, { name: nameOf(pid, command), seconds, threads: threadsOf(pid) })
  }
  return found
}

interface Stat {
  command: string
  parent: string
  seconds: number
}

/** Undefined for a process that has just ended. */
function statOf(file: string): Stat | undefined {
  const text = textOf(file)
  if (text === undefined) return undefined
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  return {
    command: text.slice(text.indexOf('(') + 1, end),
    parent: fields[1] ?? '',
    seconds: (Number(fields[11]) + Number(fields[12])) / ticksPerS,
  }
}

function threadsOf(pid: string): Map<string, number> {
  const threads = new Map<string, number>()
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`))
      threads.set(thread, statOf(`/proc/${pid}/task/${thread}/stat`)?.seconds ?? 0)
    return threads
  } catch {
    return threads
  }
}

const namedAfter: Readonly<Record<string, string>> = {
  'bench.ts': 'benchmark',
  'load-generator.ts': 'generator',
  'script.ts': 'script',
  'red.js': 'node-red',
}

/** Node's programs by their script and its arguments, others by their command. */
function nameOf(pid: string, command: string): string {
  const [, ...words] = (textOf(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((word) => word !== '')
  const at = words.findIndex((word) => /\.[jt]s$/.test(word))
  const script = words[at]?.split('/').at(-1)
  if (script === undefined) return command
  if (script !== 'main.ts') return namedAfter[script] ?? script
  const roles = words.slice(at + 1)
  return roles.includes('broker') && roles.length > 1 ? 'supervisor' : roles.join('+')
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
