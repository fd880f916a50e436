import type { Point } from './store.ts'

/** InfluxDB's line protocol: measurement = kind, tags device, port and site (in the order in which InfluxDB
 *  sorts them), integers as `352i`, enum words as strings, nanoseconds.
 *
 *      heat-entrance,device=hengkang-b01-heat,site=hengkang p_sup_kpa=352i,boot=17i,seq=48213i 1763510400000000000
 *
 *  Names repeat for ever, so each is escaped once; and all lines grow in one string, which costs half of what
 *  joining them does. A value that is no integer is sent as it is: InfluxDB refuses the line and says why, and
 *  its neighbours are stored. */
export class LineProtocol {
  readonly #series = new Map<string, Series>()
  /** Field name -> `name=`, escaped. */
  readonly #fields = new Map<string, string>()

  /** One request: a line for each point. */
  body(points: readonly Point[]): string {
    let body = ''
    for (const point of points) {
      body += this.#head(point)
      for (const name in point.fields) {
        const value = point.fields[name]
        if (typeof value === 'number') body += `${this.#field(name)}${value}i,`
        else if (value !== undefined) body += `${this.#field(name)}${quoted(value)},`
      }
      body += `boot=${point.boot}i,seq=${point.seq}i ${instantNs(point)}\n`
    }
    return body
  }

  /** The device's id nearly always tells the series, and costs no new string to look up; where it does not
   *  (a port, an id used twice) the comparison notices. */
  #head(point: Point): string {
    const { kind, site, device, port } = point
    const key = port === undefined ? device : `${device} ${port}`
    const known = this.#series.get(key)
    if (known?.kind === kind && known.site === site && known.device === device && known.port === port)
      return known.head
    return remember(this.#series, key, { kind, site, device, port, head: headOf(point) }).head
  }

  #field(name: string): string {
    return this.#fields.get(name) ?? remember(this.#fields, name, `${escaped(name)}=`)
  }
}

interface Series {
  kind: string
  site: string
  device: string
  port: string | undefined
  head: string
}

/** Above this many names a cache starts afresh; a district has about 10,000 devices and ports. */
const namesKept = 50_000

function remember<Value>(names: Map<string, Value>, key: string, value: Value): Value {
  if (names.size >= namesKept) names.clear()
  names.set(key, value)
  return value
}

function headOf({ kind, device, port, site }: Point): string {
  const portTag = port === undefined ? '' : `,port=${escaped(port)}`
  return `${escaped(kind)},device=${escaped(device)}${portTag},site=${escaped(site)} `
}

/** As text: it is more than a number can hold exactly. */
function instantNs({ t, apartNs = 0 }: Point): string {
  return apartNs === 0 ? `${t}000000` : `${t}${String(apartNs).padStart(6, '0')}`
}

/** The protocol knows no escape for a line break in a name, nor for a backslash at its end; the contract's ids
 *  have neither, and from elsewhere they become spaces. */
export function escaped(name: string): string {
  return name.replace(/[\n\r\\]/g, ' ').replace(/[,= ]/g, String.raw`\$&`)
}

export function quoted(word: string): string {
  return `"${word.replace(/["\\]/g, String.raw`\$&`)}"`
}
