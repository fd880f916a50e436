import type { Point } from './store.ts'
import { phraseOf, TextDraft, type Phrase } from './text-draft.ts'

/** InfluxDB's line protocol: measurement = kind, tags device, port and site (in the order in which InfluxDB
 *  sorts them), integers as `352i`, enum words as strings, nanoseconds.
 *
 *      heat-entrance,device=hengkang-b01-heat,site=hengkang p_sup_kpa=352i,boot=17i,seq=48213i 1763510400000000000
 *
 *  Names and words repeat for ever, so each is escaped once. A value that is no integer is sent as it is: InfluxDB
 *  refuses the line and says why, and its neighbours are stored. */
export class LineProtocol {
  readonly #body = new TextDraft()
  readonly #series = new Map<string, Series>()
  /** Field name -> `name=`, escaped. */
  readonly #fields = new Map<string, Phrase>()
  /** Enum word -> `"word"`, escaped. */
  readonly #words = new Map<string, Phrase>()

  /** One request: a line for each point. The bytes are good until the next call: by then the request is answered,
   *  or given up together with its connection. */
  body(points: readonly Point[]): Buffer {
    const body = this.#body
    body.begin()
    for (const point of points) {
      body.add(this.#head(point))
      for (const name in point.fields) {
        const value = point.fields[name]
        if (value === undefined) continue
        body.add(this.#fields.get(name) ?? remember(this.#fields, name, phraseOf(`${escaped(name)}=`)))
        if (typeof value === 'number') {
          body.addNumber(value)
          body.add(nextField)
        } else {
          body.add(this.#words.get(value) ?? remember(this.#words, value, phraseOf(quoted(value))))
          body.add(comma)
        }
      }
      body.add(boot)
      body.addNumber(point.boot)
      body.add(seq)
      body.addNumber(point.seq)
      body.add(endOfFields)
      body.addNumber(point.t)
      body.add(point.apartNs ? withinMs(point.apartNs) : wholeMs)
    }
    return body.bytes()
  }

  /** The device's id nearly always tells the series, and costs no new string to look up; where it does not
   *  (a port, an id used twice) the comparison notices. */
  #head(point: Point): Phrase {
    const { kind, site, device, port } = point
    const key = port === undefined ? device : `${device} ${port}`
    const known = this.#series.get(key)
    if (known?.kind === kind && known.site === site && known.device === device && known.port === port)
      return known.head
    return remember(this.#series, key, { kind, site, device, port, head: headOf(point) }).head
  }
}

interface Series {
  kind: string
  site: string
  device: string
  port: string | undefined
  head: Phrase
}

const boot = phraseOf('boot=')
const seq = phraseOf('i,seq=')
const nextField = phraseOf('i,')
const comma = phraseOf(',')
const endOfFields = phraseOf('i ')
/** Instants are epoch ms, lines are in ns: more than a number can hold exactly. */
const wholeMs = withinMs(0)

/** Above this many names a cache starts afresh; a district has about 10,000 devices and ports. */
const namesKept = 50_000

function remember<Value>(names: Map<string, Value>, key: string, value: Value): Value {
  if (names.size >= namesKept) names.clear()
  names.set(key, value)
  return value
}

function headOf({ kind, device, port, site }: Point): Phrase {
  const portTag = port === undefined ? '' : `,port=${escaped(port)}`
  return phraseOf(`${escaped(kind)},device=${escaped(device)}${portTag},site=${escaped(site)} `)
}

/** The end of a line, after the milliseconds. */
function withinMs(apartNs: number): Phrase {
  return phraseOf(`${String(apartNs).padStart(6, '0')}\n`)
}

/** The protocol knows no escape for a line break in a name, nor for a backslash at its end; the contract's ids
 *  have neither, and from elsewhere they become spaces. */
export function escaped(name: string): string {
  return name.replace(/[\n\r\\]/g, ' ').replace(/[,= ]/g, String.raw`\$&`)
}

export function quoted(word: string): string {
  return `"${word.replace(/["\\]/g, String.raw`\$&`)}"`
}
