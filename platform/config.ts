import { z } from 'zod'
import { OperatorError } from './operator-error.ts'

/** Every setting, its name, its default and what it may be: the whole configuration of the system is on this
 *  page. It is parsed once; each service is handed its own part. */

const absent = (name: string) =>
  z.undefined({ error: `${name} is set, but this version cannot do that yet: remove it` }).optional()

const mebibyte = 1024 * 1024
/** How long history is kept, days. */
const days = z.coerce.number<string>().int().min(1).max(36_500)
const port = z.coerce.number<string>().int().min(0).max(65_535)

const timeZone = z
  .string()
  .refine((name) => zoneExists(name), { error: 'expected an IANA time zone such as Asia/Shanghai' })

const settings = z.object({
  DATA_DIR: z.string().default('./data'),
  MQTT_HOST: z.string().default('127.0.0.1'),
  MQTT_PORT: port.default(1883),
  MQTT_URL: z
    .url({ protocol: /^(mqtt|ws)s?$/, error: 'expected an address such as mqtts://broker.example:8883' })
    .refine((url) => !URL.canParse(url) || new URL(url).username === '', {
      error: 'a login goes into MQTT_USERNAME and MQTT_PASSWORD, where no log shows it',
    })
    .optional(),
  MQTT_USERNAME: z.string().optional(),
  MQTT_PASSWORD: z.string().optional(),
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: port.default(8080),
  /** What may wait in the intake log, MiB: two days of 20 readings a second. */
  INTAKE_MAX_MIB: z.coerce.number<string>().int().min(1).max(1_048_576).default(1_024),
  INFLUX_URL: z
    .url({ protocol: /^https?$/, error: 'expected an address such as http://127.0.0.1:8086' })
    .optional(),
  INFLUX_DATABASE: z
    .string()
    .regex(/^[\w-]{1,64}$/, { error: 'expected 1 to 64 letters, digits, _ or -' })
    .default('estate'),
  INFLUX_USERNAME: z.string().optional(),
  INFLUX_PASSWORD: z.string().optional(),
  HISTORY_RAW_DAYS: days.default(35),
  HISTORY_MINUTE_DAYS: days.default(366),
  HISTORY_HOUR_DAYS: days.default(3_653),
  SITE_TIMEZONE: timeZone.default('Asia/Shanghai'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  MQTT_TLS_PORT: absent('MQTT_TLS_PORT'),
  MQTT_WS_PORT: absent('MQTT_WS_PORT'),
  MQTT_TLS_CERT: absent('MQTT_TLS_CERT'),
  MQTT_TLS_KEY: absent('MQTT_TLS_KEY'),
  MQTT_TLS_CA: absent('MQTT_TLS_CA'),
  INFLUX_TOKEN: absent('INFLUX_TOKEN'),
  DATABASE_URL: absent('DATABASE_URL'),
})

/** Settings that mean something only beside others. */
const pairs = [
  ['MQTT_USERNAME', 'MQTT_PASSWORD'],
  ['INFLUX_USERNAME', 'INFLUX_PASSWORD'],
] as const
const needed = { MQTT_USERNAME: 'MQTT_URL', INFLUX_USERNAME: 'INFLUX_URL' } as const

/** Where and as whom one of our own programs speaks MQTT. */
export type MqttAccess = Readonly<{
  url: string
  login?: Readonly<{ username: string; password: string }>
}>

export type Config = Readonly<{
  dataDir: string
  /** Where our own broker listens; with an external one in its place, host and port are not used. */
  mqtt: Readonly<{ host: string; port: number; external?: MqttAccess }>
  http: Readonly<{ host: string; port: number }>
  /** Hard limit of the intake log. */
  intakeMaxBytes: number
  /** InfluxDB instead of the embedded history. */
  influx?: Readonly<{ url: string; database: string; username?: string; password?: string }>
  /** How long readings, their minutes and their hours are kept; days are kept for ever. */
  keepDays: Readonly<{ raw: number; minute: number; hour: number }>
  timeZone: string
  logLevel: string
}>

/** Throws an `OperatorError` that lists every mistake. A variable set to the empty string counts as not set. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = settings.safeParse(given)
  const mistakes = [...(parsed.error?.issues.map(mistake) ?? []), ...mismatches(given)]
  if (parsed.success) mistakes.push(...keptTooShort(parsed.data))
  if (!parsed.success || mistakes.length > 0)
    throw new OperatorError('The environment has mistakes:', mistakes)
  const set = parsed.data
  return Object.freeze({
    dataDir: set.DATA_DIR,
    mqtt: {
      host: set.MQTT_HOST,
      port: set.MQTT_PORT,
      ...(set.MQTT_URL !== undefined && { external: externalOf(set.MQTT_URL, set) }),
    },
    http: { host: set.HTTP_HOST, port: set.HTTP_PORT },
    intakeMaxBytes: set.INTAKE_MAX_MIB * mebibyte,
    ...(set.INFLUX_URL && { influx: influxOf(set.INFLUX_URL, set) }),
    keepDays: { raw: set.HISTORY_RAW_DAYS, minute: set.HISTORY_MINUTE_DAYS, hour: set.HISTORY_HOUR_DAYS },
    timeZone: set.SITE_TIMEZONE,
    logLevel: set.LOG_LEVEL,
  })
}

function mismatches(given: Readonly<Record<string, unknown>>): string[] {
  const set = (name: string) => given[name] !== undefined
  return [
    ...pairs.filter(([a, b]) => set(a) !== set(b)).map(([a, b]) => `${b}: ${a} and ${b} go together`),
    ...Object.entries(needed)
      .filter(([name, other]) => set(name) && !set(other))
      .map(([name, other]) => `${name}: has no meaning without ${other}`),
  ]
}

/** What is coarser has to outlive what is finer, or a chart would find nothing. */
function keptTooShort(set: z.infer<typeof settings>): string[] {
  const { HISTORY_RAW_DAYS: raw, HISTORY_MINUTE_DAYS: minute, HISTORY_HOUR_DAYS: hour } = set
  return [
    ...(minute < raw
      ? [`HISTORY_MINUTE_DAYS: minutes are kept at least as long as readings, ${raw} days`]
      : []),
    ...(hour < minute
      ? [`HISTORY_HOUR_DAYS: hours are kept at least as long as minutes, ${minute} days`]
      : []),
  ]
}

function externalOf(url: string, set: z.infer<typeof settings>): MqttAccess {
  const { MQTT_USERNAME: username, MQTT_PASSWORD: password } = set
  return { url, ...(username !== undefined && password !== undefined && { login: { username, password } }) }
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
