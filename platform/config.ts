import { z } from 'zod'
import { OperatorError } from './operator-error.ts'

/** Every setting, its name, its default and what it may be: the whole configuration of the system is on this
 *  page. It is parsed once; each service is handed its own part. */

const absent = (name: string) =>
  z.undefined({ error: `${name} is set, but this version cannot do that yet: remove it` }).optional()

const port = z.coerce.number<string>().int().min(0).max(65_535)

const timeZone = z
  .string()
  .refine((name) => zoneExists(name), { error: 'expected an IANA time zone such as Asia/Shanghai' })

const settings = z
  .object({
    DATA_DIR: z.string().default('./data'),
    MQTT_HOST: z.string().default('127.0.0.1'),
    MQTT_PORT: port.default(1883),
    HTTP_HOST: z.string().default('127.0.0.1'),
    HTTP_PORT: port.default(8080),
    INFLUX_URL: z
      .url({ protocol: /^https?$/, error: 'expected an address such as http://127.0.0.1:8086' })
      .optional(),
    INFLUX_DATABASE: z
      .string()
      .regex(/^[\w-]{1,64}$/, { error: 'expected 1 to 64 letters, digits, _ or -' })
      .default('estate'),
    INFLUX_USERNAME: z.string().optional(),
    INFLUX_PASSWORD: z.string().optional(),
    SITE_TIMEZONE: timeZone.default('Asia/Shanghai'),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    MQTT_TLS_PORT: absent('MQTT_TLS_PORT'),
    MQTT_WS_PORT: absent('MQTT_WS_PORT'),
    MQTT_TLS_CERT: absent('MQTT_TLS_CERT'),
    MQTT_TLS_KEY: absent('MQTT_TLS_KEY'),
    MQTT_TLS_CA: absent('MQTT_TLS_CA'),
    MQTT_URL: absent('MQTT_URL'),
    MQTT_USERNAME: absent('MQTT_USERNAME'),
    MQTT_PASSWORD: absent('MQTT_PASSWORD'),
    INFLUX_TOKEN: absent('INFLUX_TOKEN'),
    DATABASE_URL: absent('DATABASE_URL'),
  })
  .refine((set) => (set.INFLUX_USERNAME === undefined) === (set.INFLUX_PASSWORD === undefined), {
    path: ['INFLUX_PASSWORD'],
    error: 'INFLUX_USERNAME and INFLUX_PASSWORD go together',
  })
  .refine((set) => set.INFLUX_URL !== undefined || set.INFLUX_USERNAME === undefined, {
    path: ['INFLUX_USERNAME'],
    error: 'has no meaning without INFLUX_URL',
  })

export type Config = Readonly<{
  dataDir: string
  mqtt: Readonly<{ host: string; port: number }>
  http: Readonly<{ host: string; port: number }>
  /** InfluxDB instead of the embedded history. */
  influx?: Readonly<{ url: string; database: string; username?: string; password?: string }>
  timeZone: string
  logLevel: string
}>

/** Throws an `OperatorError` that lists every mistake. A variable set to the empty string counts as not set. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = settings.safeParse(given)
  if (!parsed.success)
    throw new OperatorError('The environment has mistakes:', parsed.error.issues.map(mistake))
  const set = parsed.data
  return Object.freeze({
    dataDir: set.DATA_DIR,
    mqtt: { host: set.MQTT_HOST, port: set.MQTT_PORT },
    http: { host: set.HTTP_HOST, port: set.HTTP_PORT },
    ...(set.INFLUX_URL && { influx: influxOf(set.INFLUX_URL, set) }),
    timeZone: set.SITE_TIMEZONE,
    logLevel: set.LOG_LEVEL,
  })
}

function influxOf(url: string, set: z.infer<typeof settings>): NonNullable<Config['influx']> {
  const login =
    set.INFLUX_USERNAME !== undefined && set.INFLUX_PASSWORD !== undefined
      ? { username: set.INFLUX_USERNAME, password: set.INFLUX_PASSWORD }
      : {}
  return { url, database: set.INFLUX_DATABASE, ...login }
}

function mistake(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.')}: ${issue.message}`
}

function zoneExists(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (cause) {
    if (cause instanceof RangeError) return false
    throw cause
  }
}
