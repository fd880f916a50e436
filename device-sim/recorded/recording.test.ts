import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { decode } from '../../firmware-contracts/decode.ts'
import { digest } from '../simulation.ts'
import { playedBack, recordedRegistry } from './recorded-meters.ts'
import { readRecording } from './recording.ts'
import { wallClock } from './wall-clock.ts'

/** Three real meters on days that are hard: test/fixtures/recorded-water. */
const extract = new URL('../../test/fixtures/recorded-water/households-3.csv', import.meta.url).pathname
const zone = 'Europe/Madrid'
const hourMs = 3_600_000

const folder = mkdtempSync(join(tmpdir(), 'recording-'))
afterAll(() => rmSync(folder, { recursive: true }))

function written(name: string, ...lines: string[]): string {
  const file = join(folder, name)
  const text = ['meter,local_time,register_l', ...lines, ''].join('\n')
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text)
  return file
}

const times = (readings: readonly { t: number }[] = []) => readings.map(({ t }) => new Date(t).toISOString())

describe('a recording', () => {
  test('is read line by line, packed or not, and nothing of it is repaired', async () => {
    const lines = readFileSync(extract, 'utf8').trimEnd().split('\n').slice(1)
    const read = await readRecording(extract, zone)
    expect(read).toMatchObject({ readings: lines.length, refused: 0, mistakes: [] })
    expect(await readRecording(written('same.csv.gz', ...lines), zone)).toEqual(read)
    const registers = [...read.meters].flatMap(([meter, own]) =>
      own.map(({ registerL }) => `${meter} ${registerL}`),
    )
    expect(registers).toEqual(lines.map((line) => line.replace(/,[^,]*,/, ' ')))
  })

  test('names what is no reading by its line, and keeps the rest', async () => {
    const file = written(
      'wrong.csv',
      'm001,2016-03-01 00:53:08,36412',
      'm001,2016-03-01 01:53:08,-4',
      'M 1,yesterday,36412',
      'm001,2016-13-01 01:53:08,36412',
      'm001,2016-03-27 02:30:00,36412',
      'm001;2016-03-01 01:53:08;36412',
      'm001,2016-03-01 02:53:08,36413',
    )
    const { readings, refused, mistakes, meters } = await readRecording(file, zone)
    expect({ readings, refused }).toEqual({ readings: 2, refused: 5 })
    expect(meters.get('m001')?.map(({ registerL }) => registerL)).toEqual([36_412, 36_413])
    for (const [at, mistake] of [
      [0, 'line 3: register_l'],
      [1, 'line 4: meter: '],
      [1, 'local_time: expected'],
      [2, 'line 5: local_time: there is no such time'],
      [3, 'line 6: local_time: clocks are turned past this hour'],
      [4, 'line 7: expected three fields'],
    ] as const)
      expect(mistakes[at]).toContain(mistake)
  })

  test.each([
    ['is not there', join(folder, 'none.csv'), zone, 'cannot be read'],
    ['is no gzip', written('plain.csv'), zone, undefined],
    ['has another header', join(folder, 'other.csv'), zone, 'line 1: expected meter,local_time,register_l'],
    ['is empty', join(folder, 'empty.csv'), zone, 'line 1'],
    ['is of a zone that is none', extract, 'Europe/Atlantis', 'no time zone Europe/Atlantis'],
  ])('that %s is the operator’s mistake', async (_, file, of, message) => {
    writeFileSync(join(folder, 'other.csv'), 'a,b\n1,2\n')
    writeFileSync(join(folder, 'empty.csv'), '')
    if (message === undefined) {
      writeFileSync(join(folder, 'broken.csv.gz'), 'no gzip')
      await expect(readRecording(join(folder, 'broken.csv.gz'), of)).rejects.toThrow('cannot be read')
    } else await expect(readRecording(file, of)).rejects.toThrow(message)
  })
})

describe('the wall clock of Madrid', () => {
  const at = (text: string) =>
    wallClock(zone)
      .instants(Date.parse(`${text}Z`))
      .map((ms) => new Date(ms).toISOString())

  test('is one hour ahead in winter and two in summer; one hour is left out, one comes twice', () => {
    expect(at('2016-03-01T00:53:08')).toEqual(['2016-02-29T23:53:08.000Z'])
    expect(at('2016-07-01T12:00:00')).toEqual(['2016-07-01T10:00:00.000Z'])
    expect(at('2016-03-27T02:30:00')).toEqual([])
    expect(at('2016-03-27T03:00:00')).toEqual(['2016-03-27T01:00:00.000Z'])
    expect(at('2016-10-30T02:30:00')).toEqual(['2016-10-30T00:30:00.000Z', '2016-10-30T01:30:00.000Z'])
    expect(at('2016-10-30T03:00:00')).toEqual(['2016-10-30T02:00:00.000Z'])
  })

  test('in the hour that comes twice a reading is after the one before it, if it can be', async () => {
    const night = ['01:40', '02:40', '02:40', '03:40'].map((time, at) => `m001,2016-10-30 ${time}:00,${at}`)
    const { meters } = await readRecording(written('autumn.csv', ...night), zone)
    expect(times(meters.get('m001'))).toEqual(
      ['2016-10-29T23:40', '2016-10-30T00:40', '2016-10-30T01:40', '2016-10-30T02:40'].map(
        (t) => `${t}:00.000Z`,
      ),
    )
  })

  test('an hourly meter loses no hour and gains none in the night of the extract', async () => {
    const { meters } = await readRecording(extract, zone)
    const own = meters.get('m031')?.filter(({ t }) => t >= Date.UTC(2016, 2, 26, 22)) ?? []
    const gaps = own.slice(1).map(({ t }, at) => (t - (own[at]?.t ?? 0)) / hourMs)
    expect(Math.max(...gaps)).toBeLessThan(1.6)
    expect(Math.min(...gaps)).toBeGreaterThan(0.4)
  })
})

describe('played back', () => {
  const recording = readRecording(extract, zone)

  async function played(shiftMs = 0) {
    return [...playedBack({ recording: await recording, shiftMs })]
  }

  async function samples() {
    return (await played()).flatMap(({ topic, payload }) => {
      const decoded = decode(topic, payload)
      if (!decoded.ok) throw new Error(`${topic}: ${JSON.stringify(decoded.refusal)}`)
      return decoded.message.type === 'readings' ? decoded.message.readings : []
    })
  }

  test('every line is a sample of its own, in its order, a register that turned back as low as it was', async () => {
    for (const [meter, readings] of (await recording).meters) {
      const own = (await samples()).filter(({ device }) => device === `recorded-${meter}-water`)
      expect(own.map(({ t, values }) => [t, values['vol_l']])).toEqual(
        readings.map(({ t, registerL }) => [t, registerL]),
      )
      expect(own.map(({ seq }) => seq)).toEqual(own.map((_, at) => at + 2))
    }
    const turnedBack = (await recording).meters
      .get('m040')
      ?.filter(({ registerL }, at, all) => registerL < (all[at - 1]?.registerL ?? 0))
    expect(turnedBack?.length).toBe(3)
  })

  test('a line that stood there twice is two samples alike, with two numbers', async () => {
    const twice = await readRecording(
      written('twice.csv', ...Array<string>(2).fill('m001,2016-03-01 00:53:08,36412')),
      zone,
    )
    const upload = [...playedBack({ recording: twice })].at(-1)
    expect(JSON.parse(new TextDecoder().decode(upload?.payload)).r).toMatchObject([
      { s: 2, d: { vol_l: 36_412 } },
      { s: 3, d: { vol_l: 36_412 } },
    ])
  })

  test('a meter whose clock goes back says so, and the messages still come in the order of time', async () => {
    const lines = ['m001,2016-03-02 10:00:00,5', 'm001,2016-03-01 10:00:00,6', 'm002,2016-03-01 12:00:00,7']
    const messages = [...playedBack({ recording: await readRecording(written('back.csv', ...lines), zone) })]
    expect(messages.every(({ t }, at) => t >= (messages[at - 1]?.t ?? 0))).toBe(true)
    const upload = JSON.parse(new TextDecoder().decode(messages.at(-1)?.payload))
    expect(upload.r.map(({ d }: { d: { vol_l: number } }) => d.vol_l)).toEqual([5, 6])
  })

  test('once a day at most, in the order of time, nothing where the recording has a hole, and the same bytes again', async () => {
    const messages = await played()
    expect(messages.every(({ t }, at) => t >= (messages[at - 1]?.t ?? 0))).toBe(true)
    const uploads = messages.filter(({ topic }) => topic.endsWith('m031-water/batch'))
    const gapsH = uploads.slice(1).map(({ t }, at) => (t - (uploads[at]?.t ?? 0)) / hourMs)
    expect(gapsH.filter((hours) => hours > 250)).toHaveLength(1)
    expect(digest(await played())).toEqual(digest(messages))
  })

  test('moved as a whole, and left to a real meter where one takes its place', async () => {
    const [first] = await played()
    const [moved] = await played(86_400_000)
    expect((moved?.t ?? 0) - (first?.t ?? 0)).toBe(86_400_000)
    const without = ['recorded-m031-water']
    const others = [...playedBack({ recording: await recording, without })]
    expect(others.some(({ device }) => device === 'recorded-m031-water')).toBe(false)
    expect(others).toEqual((await played()).filter(({ device }) => device !== 'recorded-m031-water'))
  })

  test('the registry file lists the meters that speak', async () => {
    const { devices, nodes } = recordedRegistry(await recording)
    const speaking = new Set((await played()).map(({ device }) => device))
    expect(new Set(devices.map(({ id }) => id))).toEqual(speaking)
    expect(devices.every(({ node }) => nodes.some(({ id }) => id === node))).toBe(true)
  })
})
