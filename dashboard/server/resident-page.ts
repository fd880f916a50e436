import type { BilingualText } from '../../estate/registry.ts'
import { ageOf } from '../client/age.ts'
import {
  faceOf,
  shapes,
  tallyFaces,
  tallyOf,
  wordOf,
  type Face,
  type Sight,
  type Tally,
} from '../client/residents/port-face.ts'
import { residentTexts, type ResidentText } from '../client/residents/texts.ts'
import type { PortView, ResidentSnapshot, ShedView, SiteView } from '../protocol.ts'
import { notBuilt } from './client-files.ts'
import { blank, html, jsonScript, type Html } from './html.ts'
import { page } from './page.ts'

/** The residents' page as it is delivered: complete and readable before any script, on a cheap phone and where
 *  scripts are off. The faces, the words and the tree are those of the client, which takes over without anything
 *  moving. */

export type Language = keyof typeof residentTexts

type Say = (text: ResidentText, values?: Readonly<Record<string, string | number>>) => string

/** One site, as it is at this moment. */
export function sitePage(
  snapshot: ResidentSnapshot,
  { language, sites, tags }: { language: Language; sites: readonly SiteView[]; tags: Html | undefined },
): string {
  const say = speaker(language)
  const { site, ports, serverMs } = snapshot
  const sight = { nowMs: serverMs, blind: false }
  const names = (text: BilingualText) => inLanguage(text, language)
  const body = html`${notBuilt(tags)}
    <div id="app">
      <div class="page">
        ${head({ name: names(site.name), language, site })}
        ${sites.length > 1 ? siteChoice({ sites, chosen: site.id, language }) : blank}
        ${newest(snapshot, say)}
        ${ports.length === 0 ? html`<p class="blank">${say('noPorts')}</p>` : main(snapshot, { say, sight, names })}
        <footer class="foot"><p>${say('note')}</p></footer>
      </div>
    </div>
    ${jsonScript('snapshot', snapshot)}`
  return page({ language, title: `${say('title')} · ${names(site.name)}`, tags, body })
}

/** Where there are several sites and none was named. */
export function sitesPage({
  sites,
  language,
  tags,
}: {
  sites: readonly SiteView[]
  language: Language
  tags: Html | undefined
}): string {
  const title = speaker(language)('title')
  const links = sites.map(
    ({ id, name }) =>
      html`<li>
        <a class="jump" href="/?site=${id}&amp;lang=${language}">${inLanguage(name, language)}</a>
      </li>`,
  )
  const body = html`${notBuilt(tags)}
    <div id="app">
      <div class="page">
        ${head({ name: '', language })}
        <main class="main">
          <ul class="jumps">
            ${links}
          </ul>
        </main>
      </div>
    </div>`
  return page({ language, title, tags, body })
}

function head({ name, language, site }: { name: string; language: Language; site?: SiteView }): Html {
  const say = speaker(language)
  const other = language === 'en' ? 'zh-CN' : 'en'
  const here = site ? html`&amp;site=${site.id}` : blank
  return html`<header class="head">
    <div class="head-names">
      <p class="head-title">${say('title')}</p>
      <h1 class="head-site">${name}</h1>
    </div>
    <a class="head-language" href="?lang=${other}${here}" lang="${other}" hreflang="${other}"
      >${say('switchLanguage')}</a
    >
  </header>`
}

function siteChoice({
  sites,
  chosen,
  language,
}: {
  sites: readonly SiteView[]
  chosen: string
  language: Language
}): Html {
  const say = speaker(language)
  const options = sites.map(
    ({ id, name }) =>
      html`<option value="${id}" ${id === chosen ? { markup: 'selected' } : blank}>
        ${inLanguage(name, language)}
      </option>`,
  )
  return html`<form class="choice" method="get">
    <label class="choice-label" for="site">${say('choose')}</label>
    <select class="choice-list" id="site" name="site">
      ${options}
    </select>
    <noscript><button>${say('choose')}</button></noscript>
  </form>`
}

interface Telling {
  say: Say
  sight: Sight
  /** A name in the page's language. */
  names: (text: BilingualText) => string
}

/** Where the client will say that the page is live; until then, only how old it is. */
function newest({ ports, serverMs }: ResidentSnapshot, say: Say): Html {
  const heardMs = ports.flatMap(({ t }) => t ?? [])
  if (heardMs.length === 0) return blank
  const { unit, count } = ageOf(serverMs - Math.max(...heardMs))
  return html`<p class="line" data-line="connecting">
    <span class="line-dot" aria-hidden="true"></span>
    <span>${say('newest', { age: say(`age-${unit}`, { count }) })}</span>
  </p>`
}

function main(snapshot: ResidentSnapshot, telling: Telling): Html {
  const { sheds, ports } = snapshot
  return html`<main class="main">
    ${overview(snapshot, telling)}
    <div class="sheds">${sheds.map((shed) => shedCard(shed, { ports, ...telling }))}</div>
  </main>`
}

function overview({ sheds, ports }: ResidentSnapshot, { say, sight, names }: Telling): Html {
  const counts = tallyOf(ports, sight)
  const jumps = sheds.map(({ id, name }) => {
    const counts = tallyOf(portsIn(id, ports), sight)
    return html`<a class="jump" href="#shed-${id}">
      <span class="jump-name">${names(name)}</span>
      <span class="jump-free"
        >${freeCount('jump-count', counts)}${say(isInTheDark(counts) ? 'unknown' : 'free')}</span
      >
    </a>`
  })
  return html`<section class="overview">
    <p class="overview-free">
      ${freeCount('overview-count', counts)}
      ${isInTheDark(counts) ? blank : html`<span>${say('freeOf', { total: ports.length })}</span>`}
      ${
        counts.unknown > 0
          ? html`<span class="overview-unknown">${say('unknownOf', { count: counts.unknown })}</span>`
          : blank
      }
    </p>
    <nav class="jumps">${jumps}</nav>
  </section>`
}

/** None is known: then "0 free" would be a claim that nobody can make. */
function isInTheDark({ free, inUse, outOfOrder, unknown }: Tally): boolean {
  return unknown > 0 && free + inUse + outOfOrder === 0
}

function freeCount(className: string, counts: Tally): Html {
  const dark = isInTheDark(counts)
  const none = dark || counts.free === 0 ? html`data-none=""` : blank
  return html`<b class="${className}" ${none}>${dark ? '?' : counts.free}</b>`
}

function portsIn(shed: string, ports: readonly PortView[]): readonly PortView[] {
  return ports.filter((port) => port.shed === shed)
}

function shedCard(
  shed: ShedView,
  { ports: all, say, sight, names }: Telling & { ports: readonly PortView[] },
): Html {
  const ports = portsIn(shed.id, all)
  const repairs = ports.flatMap(({ label, order }) =>
    order ? [say('repair', { label, order: order.id, state: say(`order-${order.state}`) })] : [],
  )
  return html`<section class="shed" id="shed-${shed.id}" aria-labelledby="name-${shed.id}">
    <div class="shed-top">
      <h2 class="shed-name" id="name-${shed.id}">${names(shed.name)}</h2>
      ${tally(ports, { say, sight })}
    </div>
    <ol class="ports">
      ${ports.map((port) => portTile(port, { say, sight }))}
    </ol>
    ${
      repairs.length === 0
        ? blank
        : html`<ul class="repairs">
            ${repairs.map((text) => html`<li class="repair">${text}</li>`)}
          </ul>`
    }
  </section>`
}

const tallyOrder = ['free', 'inUse', 'outOfOrder', 'unknown'] as const

function tally(ports: readonly PortView[], { say, sight }: Omit<Telling, 'names'>): Html {
  const counts = tallyOf(ports, sight)
  const items = tallyOrder.map((group) => {
    const face = tallyFaces[group]
    return html`<li class="tally-item" data-face="${face}">
      ${shape(face)}<b class="tally-count">${counts[group]}</b><span>${say(group)}</span>
    </li>`
  })
  return html`<ul class="tally">
    ${items}
  </ul>`
}

function portTile(port: PortView, { say, sight }: Omit<Telling, 'names'>): Html {
  const face = faceOf(port, sight)
  return html`<li class="port" data-face="${face}" data-port="${port.id}">
    <span class="port-label">${port.label}</span>
    ${shape(face)}
    <span class="port-word">${say(wordOf(port, face))}</span>
    <span class="port-age">${ageText(port, { say, sight })}</span>
  </li>`
}

function ageText({ t }: PortView, { say, sight }: Omit<Telling, 'names'>): string {
  if (t === undefined) return say('age-never')
  const { unit, count } = ageOf(sight.nowMs - t)
  return say(`age-${unit}`, { count })
}

function shape(face: Face): Html {
  return html`<svg class="shape" viewBox="0 0 24 24" aria-hidden="true"><path d="${shapes[face]}" /></svg>`
}

function speaker(language: Language): Say {
  return (text, values = {}) =>
    residentTexts[language][text].replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) =>
      String(values[name] ?? ''),
    )
}

function inLanguage(text: BilingualText, language: Language): string {
  return language === 'en' ? text.en : text.zh
}
