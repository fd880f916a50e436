import type { BilingualText, Registry } from '../../estate/registry.ts'
import type { Evidence, IncidentReport } from '../../estate/work-order.ts'
import { gravest } from './correlate.ts'
import { rootAlarms, type Incident, type Member } from './incident.ts'
import { ruleOf } from './rules.ts'

/** What an incident says of itself to people: a title that names the place, the people who feel it, and a
 *  sentence why the engine thinks so, which whoever doubts it can check. */
export interface Voice {
  registry: Registry
  /** Epoch ms -> `07:31:10` on the wall of the site. */
  clockTime: (atMs: number) => string
}

export function clockTimes(timeZone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' })
  return (atMs) => format.format(atMs)
}

export function reportOf(incident: Incident, voice: Voice): IncidentReport {
  const { key, root, causeClass, severity, site } = incident
  const affected = affectedBy(incident, voice.registry)
  const members = firstToLast(incident)
  return {
    key,
    root,
    causeClass,
    rule: label(incident).id,
    severity,
    site,
    title: titleOf(incident, voice.registry),
    openedAtMs: incident.openedAtMs,
    reason: reasonFor(incident, voice),
    evidence: members.map(evidenceOf),
    affected,
    households: householdsOf(incident, affected, voice.registry),
  }
}

/** Why the incident is thought to be over. */
export function recoveryReason(incident: Incident, voice: Voice): string {
  const members = Object.values(incident.members)
  const clear = members.filter(({ clearedMs }) => clearedMs !== null).length
  const at = incident.recoveredAtMs === null ? '' : ` at ${voice.clockTime(incident.recoveredAtMs)}`
  const place = placeOfFault(incident, voice.registry).en
  return `${place} has been clear for its off-delay${at}; ${clear} of ${members.length} alarms clear`
}

/** Why one incident became part of another. */
export function mergeReason(incident: Incident, voice: Voice): string {
  return `explained by ${phrase(incident)} at ${placeOfFault(incident, voice.registry).en}, found above it`
}

function label(incident: Incident): { id: string; title: BilingualText } {
  const rule = ruleOf(incident.rule)
  return (incident.basis === 'inferred' ? rule.inferred : undefined) ?? rule
}

function titleOf(incident: Incident, registry: Registry): BilingualText {
  const { title } = label(incident)
  const name = placeOfFault(incident, registry)
  return { zh: `${name.zh} ${title.zh}`, en: `${name.en}: ${lowerFirst(title.en)}` }
}

/** A burst main is a matter of the house, not of the meter that saw it. */
function placeOfFault({ root, causeClass }: Incident, registry: Registry): BilingualText {
  const house = causeClass === 'water-main-burst' ? registry.node(root)?.inside : undefined
  return nameOf(house ?? root, registry)
}

/** The place as someone outside the estate would say it: with the estate's name. */
export function nameOf(id: string, registry: Registry): BilingualText {
  const node = registry.node(id)
  const site = registry.site(node?.site ?? id)
  if (!node) return site?.name ?? { zh: id, en: id }
  if (!site) return node.name
  return {
    zh: node.name.zh.includes(site.name.zh) ? node.name.zh : `${site.name.zh}${node.name.zh}`,
    en: node.name.en.includes(site.name.en) ? node.name.en : `${site.name.en} ${lowerFirst(node.name.en)}`,
  }
}

function reasonFor(incident: Incident, voice: Voice): string {
  const members = firstToLast(incident)
  const place = placeOfFault(incident, voice.registry).en
  const own = incident.basis === 'inferred' ? [] : rootAlarms(incident)
  const lead = own.find(({ rule }) => rule === incident.rule)
  const others = members.length - (lead ? 1 : 0)
  const sentence =
    others === 0
      ? `${label(incident).title.en} at ${place}${measured(lead)}`
      : `+${others} ${others === 1 ? 'alarm' : 'alarms'} explained by ${phrase(incident)} at ${place}${measured(lead)}`
  const { share } = incident
  const inferred = share && `${share.alarming} of ${share.of} places below it alarm`
  return [sentence, inferred, deepest(members, voice), firstOut(members, voice)].filter(Boolean).join('; ')
}

function measured(lead: Member | undefined): string {
  if (!lead || lead.value === null) return ''
  const limit = lead.limit === null ? '' : `, limit ${Math.round(lead.limit)}`
  return ` (${lead.signal} ${Math.round(lead.value)}${limit})`
}

/** The house with the deepest fall is where to look first: measured against the station, so that it does not
 *  matter who sampled last; among equals the one that fell first. */
function deepest(members: readonly Member[], { registry }: Voice): string | undefined {
  const [most] = members
    .filter(({ node, fallKpa }) => (fallKpa ?? 0) > 0 && registry.node(node)?.type === 'building')
    .sort((a, b) => depth(b, a) || a.atMs - b.atMs)
  if (!most) return undefined
  const name = registry.node(most.node)?.name.en ?? most.node
  return `deepest drop at ${lowerFirst(name)} (−${Math.round(most.fallKpa ?? 0)} kPa)`
}

function depth(a: Member, b: Member): number {
  return (a.pullKpa ?? 0) - (b.pullKpa ?? 0) || (a.fallKpa ?? 0) - (b.fallKpa ?? 0)
}

function firstOut([first]: readonly Member[], { clockTime }: Voice): string | undefined {
  return first && `first out ${clockTime(first.atMs)}`
}

function phrase(incident: Incident): string {
  return `the ${lowerFirst(label(incident).title.en)}`
}

function evidenceOf({ rule, node, atMs, signal, value, limit }: Member): Evidence {
  return { rule, node, atMs, signal, ...(value !== null && { value }), ...(limit !== null && { limit }) }
}

function firstToLast(incident: Incident): Member[] {
  return Object.values(incident.members).sort((a, b) => a.atMs - b.atMs || (a.key < b.key ? -1 : 1))
}

/** Heat: every house below the root. Water: the house of the meter. A relay: its port. Silence alone hurts
 *  nobody. */
function affectedBy(incident: Incident, registry: Registry): string[] {
  const { root } = incident
  const isHouse = (id: string) => registry.node(id)?.type === 'building'
  switch (gravest(Object.values(incident.members)).causeClass) {
    case 'pressure-loss':
      return [root, ...registry.descendants('hydraulic', root)].filter(isHouse)
    case 'water-main-burst':
      return [registry.node(root)?.inside ?? root]
    case 'relay-welded':
      return [root]
    case 'silence':
      return []
  }
}

function householdsOf(incident: Incident, affected: readonly string[], registry: Registry): number {
  if (affected.length === 0) return 0
  const below = registry.householdsBelow('hydraulic', incident.root)
  if (below > 0) return below
  return affected.reduce((sum, id) => sum + (registry.node(id)?.households ?? 0), 0)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
