import type { BilingualText, Registry } from '../../estate/registry.ts'
import type { Evidence, IncidentReport } from '../../estate/work-order.ts'
import { affectedBy, householdsOf } from './effect.ts'
import { rootAlarms, type Incident, type Member } from './incident.ts'
import { ruleOf } from './rules/table.ts'

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
  const deepest = deepestHouse(members, voice.registry)
  return {
    key,
    root,
    ...(deepest && deepest.node !== root && { suspected: deepest.node }),
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

/** Why the incident is thought to be over; honest about alarms that only nobody watches any longer. */
export function recoveryReason(incident: Incident, voice: Voice): BilingualText {
  const members = Object.values(incident.members)
  const clear = members.filter(({ clearedMs, unwatched }) => clearedMs !== null && !unwatched).length
  const unwatched = members.filter((member) => member.unwatched).length
  if (unwatched > 0) return unwatchedReason(incident, { voice, clear, unwatched })
  const time = incident.recoveredAtMs === null ? undefined : voice.clockTime(incident.recoveredAtMs)
  const place = placeOfFault(incident, voice.registry)
  return {
    zh: `${place.zh}${time === undefined ? '' : `自 ${time} 起`}已恢复正常；${members.length} 条报警中 ${clear} 条已解除`,
    en: `${place.en} has been clear for its off-delay${time === undefined ? '' : ` at ${time}`}; ${clear} of ${members.length} alarms clear`,
  }
}

function unwatchedReason(
  incident: Incident,
  { voice, clear, unwatched }: { voice: Voice; clear: number; unwatched: number },
): BilingualText {
  const place = placeOfFault(incident, voice.registry)
  const members = Object.keys(incident.members).length
  const are = unwatched === 1 ? 'is' : 'are'
  return {
    zh: `${place.zh}的 ${members} 条报警中 ${unwatched} 条因停用或季节不再监视（并非恢复），${clear} 条已解除`,
    en: `${unwatched} of ${members} alarms at ${place.en} ${are} no longer watched (out of service, or not in this season), which is not recovery; ${clear} clear`,
  }
}

/** Why one incident became part of another. */
export function mergeReason(incident: Incident, voice: Voice): BilingualText {
  const place = placeOfFault(incident, voice.registry)
  return {
    zh: `由上级的${place.zh}${label(incident).title.zh}解释`,
    en: `explained by ${phrase(incident)} at ${place.en}, found above it`,
  }
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

/** A burst main is a matter of the house, not of the meter that saw it; smoke one of the shed, not of its controller.
 *  Only what concerns devices of all kinds is one of the controller. */
function placeOfFault({ root, rule }: Incident, registry: Registry): BilingualText {
  const { affects, kinds } = ruleOf(rule)
  const node = registry.node(root)
  const isOfShed = node?.type === 'controller' && kinds.length === 1
  return nameOf((affects === 'its-house' || isOfShed ? node?.inside : undefined) ?? root, registry)
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

function reasonFor(incident: Incident, voice: Voice): BilingualText {
  const members = firstToLast(incident)
  const own = incident.basis === 'inferred' ? [] : rootAlarms(incident)
  const lead = own.find(({ rule }) => rule === incident.rule)
  const parts = [
    explanation(incident, members.length - (lead ? 1 : 0), { lead, voice }),
    inferredFrom(incident),
    stepped(incident),
    takenForDone(incident, voice),
    deepest(members, voice),
    firstOut(members, voice),
  ].filter((part) => part !== undefined)
  return { zh: parts.map(({ zh }) => zh).join('；'), en: parts.map(({ en }) => en).join('; ') }
}

function explanation(
  incident: Incident,
  others: number,
  { lead, voice }: { lead: Member | undefined; voice: Voice },
): BilingualText {
  const { title } = label(incident)
  const place = placeOfFault(incident, voice.registry)
  const value = measured(lead)
  if (others === 0)
    return { zh: `${place.zh}${title.zh}${value.zh}`, en: `${title.en} at ${place.en}${value.en}` }
  const alarms = others === 1 ? 'alarm' : 'alarms'
  return {
    zh: `另有 ${others} 条报警由${place.zh}${title.zh}解释${value.zh}`,
    en: `+${others} ${alarms} explained by ${phrase(incident)} at ${place.en}${value.en}`,
  }
}

function inferredFrom({ share }: Incident): BilingualText | undefined {
  if (!share) return undefined
  const { alarming, of } = share
  return { zh: `其下 ${of} 处中 ${alarming} 处报警`, en: `${alarming} of ${of} places below it alarm` }
}

function takenForDone({ closed }: Incident, { clockTime }: Voice): BilingualText | undefined {
  if (!closed?.toldAgain) return undefined
  const time = clockTime(closed.atMs)
  return { zh: `工单 ${time} 关闭后仍在报警`, en: `its order was closed at ${time}, and it goes on` }
}

function stepped({ severity, stepped }: Incident): BilingualText | undefined {
  if (stepped === null) return undefined
  const { households } = stepped
  return {
    zh: `影响 ${households} 户，升为 ${severity}`,
    en: `${severity}, one step up, since ${households} households feel it`,
  }
}

function measured(lead: Member | undefined): BilingualText {
  if (!lead || lead.value === null) return { zh: '', en: '' }
  const value = `${lead.signal} ${Math.round(lead.value)}`
  if (lead.limit === null) return { zh: `（${value}）`, en: ` (${value})` }
  const limit = Math.round(lead.limit)
  return { zh: `（${value}，限值 ${limit}）`, en: ` (${value}, limit ${limit})` }
}

/** The house with the deepest fall is where to look first: measured against the station, so that it does not
 *  matter who sampled last; among equals the one that fell first. */
function deepestHouse(members: readonly Member[], registry: Registry): Member | undefined {
  const [most] = members
    .filter(({ node, fallKpa }) => (fallKpa ?? 0) > 0 && registry.node(node)?.type === 'building')
    .sort((a, b) => depth(b, a) || a.atMs - b.atMs)
  return most
}

function deepest(members: readonly Member[], { registry }: Voice): BilingualText | undefined {
  const most = deepestHouse(members, registry)
  if (!most) return undefined
  const name = registry.node(most.node)?.name ?? { zh: most.node, en: most.node }
  const fall = `−${Math.round(most.fallKpa ?? 0)} kPa`
  return { zh: `${name.zh}降幅最大（${fall}）`, en: `deepest drop at ${lowerFirst(name.en)} (${fall})` }
}

function depth(a: Member, b: Member): number {
  return (a.pullKpa ?? 0) - (b.pullKpa ?? 0) || (a.fallKpa ?? 0) - (b.fallKpa ?? 0)
}

function firstOut([first]: readonly Member[], { clockTime }: Voice): BilingualText | undefined {
  if (!first) return undefined
  const time = clockTime(first.atMs)
  return { zh: `首报 ${time}`, en: `first out ${time}` }
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
