import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

/** The house style, as far as a machine can read it. */

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '')
const sources = files.filter((file) => /\.tsx?$/.test(file) && !file.includes('/generated/'))
const text = new Map(sources.map((file) => [file, readFileSync(file, 'utf8')]))

/** Folder -> the folders of ours it may import from, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  'firmware-contracts': [],
  platform: [],
  estate: ['platform', 'firmware-contracts'],
  broker: ['estate', 'platform', 'firmware-contracts'],
  ingest: ['estate', 'platform', 'firmware-contracts'],
  dashboard: ['estate', 'platform', 'firmware-contracts'],
  'device-sim': ['platform', 'firmware-contracts'],
}

/** `firmware-contracts` is what a supplier could take away: it needs zod, and one file needs a hash. */
const contractPackages = new Set(['zod', 'node:crypto'])

function importsOf(file: string): string[] {
  const body = text.get(file) ?? ''
  return [...body.matchAll(/(?:from|import|import\()\s*['"]([^'"]+)['"]/g)].flatMap((match) => match[1] ?? [])
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? ''
}

const ownImports = sources.flatMap((file) =>
  importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => ({ file, name, target: normalize(join(dirname(file), name)) })),
)

const isTest = (file: string) => file.endsWith('.test.ts')

describe('who may import whom', () => {
  test.each(Object.entries(mayImport))('%s imports only from itself and from: %s', (folder, allowed) => {
    const strangers = ownImports
      .filter(({ file }) => folderOf(file) === folder && !isTest(file))
      .filter(({ target }) => ![folder, ...allowed].includes(folderOf(target)))
    expect(strangers).toEqual([])
  })

  test('a test beside the code may use test/support, and nothing else of a stranger', () => {
    const strangers = ownImports
      .filter(({ file }) => isTest(file) && folderOf(file) !== 'test')
      .filter(({ file, target }) => {
        const own = folderOf(file)
        return (
          ![own, ...(mayImport[own] ?? [])].includes(folderOf(target)) && !target.startsWith('test/support/')
        )
      })
    expect(strangers).toEqual([])
  })

  test('the firmware contract needs zod and nothing else', () => {
    const packages = sources
      .filter((file) => folderOf(file) === 'firmware-contracts' && !isTest(file))
      .flatMap((file) => importsOf(file).filter((name) => !name.startsWith('.')))
    expect(packages.filter((name) => !contractPackages.has(name))).toEqual([])
  })
})

describe('the file list is the architecture', () => {
  test('an import names the file that is read', () => {
    expect(ownImports.filter(({ name }) => !/\.(tsx?|css|json|html)$/.test(name))).toEqual([])
  })

  test('there are no barrels', () => {
    expect(sources.filter((file) => /(^|\/)index\.tsx?$/.test(file))).toEqual([])
  })

  test('paths are at most three folders deep', () => {
    expect(files.filter((file) => file.split('/').length > 4)).toEqual([])
  })

  test('file names are kebab-case', () => {
    const names = sources.map((file) => file.split('/').at(-1) ?? '')
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.tsx?$/.test(name))).toEqual([])
  })

  test('no file is longer than 400 lines', () => {
    const long = sources.filter((file) => (text.get(file) ?? '').split('\n').length > 401)
    expect(long).toEqual([])
  })
})

describe('time and chance are passed in', () => {
  const free = (file: string) =>
    file === 'platform/clock.ts' ||
    file.startsWith('dashboard/client/') ||
    file.startsWith('test/') ||
    isTest(file)

  test.each([/\bDate\.now\(/, /\bnew Date\(\)/, /\bMath\.random\(/, /(?<![.\w])set(Timeout|Interval)\(/])(
    'outside the clock and the browser nobody calls %s',
    (call) => {
      // `within` in the lifecycle bounds a stop against the real clock, whatever clock the system runs on.
      const allowed = (file: string) => free(file) || file === 'platform/lifecycle.ts'
      expect(sources.filter((file) => !allowed(file) && call.test(text.get(file) ?? ''))).toEqual([])
    },
  )
})

describe('what must never be committed', () => {
  test('the lock file names no registry host', () => {
    expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved": "http/)
  })

  test('an empty catch hides whose fault it is', () => {
    expect(sources.filter((file) => /catch\s*(\([^)]*\))?\s*\{\s*\}/.test(text.get(file) ?? ''))).toEqual([])
  })
})
