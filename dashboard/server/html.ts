/** Text made safe for element content and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Markup that is safe to put into a page as it is. */
export interface Html {
  readonly markup: string
}

type Piece = string | number | Html | readonly Html[]

/** The only way to make markup here: whatever is put into the template is escaped, unless it is such markup
 *  itself. So nobody can forget it. */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const markup = texts.map((text, at) => {
    const piece = pieces[at]
    return piece === undefined ? text : text + markupOf(piece)
  })
  return { markup: markup.join('') }
}

export const blank: Html = { markup: '' }

function markupOf(piece: Piece): string {
  if (typeof piece === 'string' || typeof piece === 'number') return escapeHtml(String(piece))
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('')
}

/** A block of data for the page's script. `<` is written as \u003c, so that nothing in it can end the block. */
export function jsonScript(id: string, data: unknown): Html {
  const json = { markup: JSON.stringify(data).replaceAll('<', String.raw`\u003c`) }
  return html`<script type="application/json" id="${id}">
    ${json}
  </script>`
}
