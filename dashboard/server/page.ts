import { blank, html, type Html } from './html.ts'

/** The frame of every page. */
export function page({
  language,
  theme,
  title,
  tags = blank,
  body,
}: {
  language: string
  /** Fixed, where the page does not follow the system's. */
  theme?: 'dark'
  title: string
  /** Scripts and styles of the client. */
  tags?: Html | undefined
  body: Html
}): string {
  const document = html`<html lang="${language}" ${theme ? html` data-theme="${theme}"` : blank}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${title}</title>
      <link rel="icon" href="data:," />
      ${tags}
    </head>
    <body>
      ${body}
    </body>
  </html> `
  return `<!doctype html>\n${document.markup}`
}
