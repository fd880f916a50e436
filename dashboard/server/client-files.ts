import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { blank, html, type Html } from './html.ts'

/** The built browser client, by Vite's manifest: which script and styles belong to which page. */
const manifest = z.record(
  z.string(),
  z.object({
    file: z.string(),
    css: z.array(z.string()).default([]),
    imports: z.array(z.string()).default([]),
  }),
)
type Manifest = z.infer<typeof manifest>

export type Entry = 'residents.html' | 'ops.html'

export class ClientFiles {
  readonly #dir: string
  #manifest: Manifest | undefined

  constructor(dir: string) {
    this.#dir = dir
  }

  /** Script and style tags of a page; undefined while the client is not built. */
  tags(entry: Entry): Html | undefined {
    this.#manifest ??= this.#read()
    const page = this.#manifest?.[entry]
    if (!this.#manifest || !page) return undefined
    const chunks = withImports(this.#manifest, entry)
    const styles = [...new Set(chunks.flatMap(({ css }) => css))]
    const preloads = chunks.filter((chunk) => chunk !== page)
    return html`${styles.map((file) => html`<link rel="stylesheet" href="/${file}" />`)}${preloads.map(
        ({ file }) => html`<link rel="modulepreload" href="/${file}" />`,
      )}
      <script type="module" src="/${page.file}"></script>`
  }

  #read(): Manifest | undefined {
    const file = join(this.#dir, '.vite', 'manifest.json')
    try {
      return manifest.parse(JSON.parse(readFileSync(file, 'utf8')))
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
      throw new Error(`${file} is not a Vite manifest`, { cause })
    }
  }
}

function withImports(manifest: Manifest, entry: string): Manifest[string][] {
  const reached = new Set<string>()
  const visit = (name: string) => {
    if (reached.has(name)) return
    reached.add(name)
    manifest[name]?.imports.forEach(visit)
  }
  visit(entry)
  return [...reached].flatMap((name) => manifest[name] ?? [])
}

/** What a page says in place of the client that is not there. */
export function notBuilt(tags: Html | undefined): Html {
  return tags
    ? blank
    : html`<p role="alert">
        The browser client is not built. Run <code>npm run build</code> and load this page again.
      </p>`
}
