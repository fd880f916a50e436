import { z } from 'zod'
import type { Registry, Tree } from '../../estate/registry.ts'
import { severities } from '../../estate/work-order.ts'
import type { SiteParameters } from './parameters.ts'
import { ruleIds, type Rule, type RuleId } from './rules/rule.ts'
import { ruleOf, rules } from './rules/table.ts'

/** What is the common cause? A burst main lowers the pressure in twenty houses; a power cut silences sixty
 *  devices. Neither is twenty or sixty faults.
 *
 *  Three trees say what hangs on what: water and heat along the hydraulic one, power along the electrical one,
 *  messages along the comms one. An alarm is explained by something above it in a tree its rule names:
 *
 *  - by an alarm that stands up there and swallows its rule (the station has lost its pressure too), or
 *  - by its siblings: when at least 3 and at least 30 % of what hangs on one place alarm alike, the place is
 *    the cause, though nobody measures it, or
 *  - by its kin: when several devices of an estate that have the same firmware do the same wrong, it is none of them.
 *
 *  A measured cause beats an inferred one. Among equals the higher explanatory score wins: explained alarms
 *  divided by one plus those that would be expected and are normal. Then the higher place; then electrical
 *  before comms before hydraulic, since a sensor without power proves nothing. And whatever explains may be
 *  explained itself, so the climb goes on until nothing is above. */

export const raised = z.object({
  /** Rule and condition, node and device: `H01.fall|hengkang-b14|hengkang-b14-heat`. */
  key: z.string(),
  rule: z.enum(ruleIds),
  node: z.string(),
  device: z.string(),
  site: z.string(),
  severity: z.enum(severities),
  /** When its condition was first breached, sample time, epoch ms. */
  atMs: z.number(),
  signal: z.string(),
  /** The worst value so far and the limit it crossed, where there are numbers. */
  value: z.number().nullable(),
  limit: z.number().nullable(),
  /** For a pressure: how deep it fell from its level before, kPa. */
  fallKpa: z.number().nullable(),
  /** How much deeper than the station's at the same moment, at most, kPa: the pull of a break nearby. When the
   *  loop has emptied, all have fallen alike and only this still tells where. */
  pullKpa: z.number().nullable(),
  /** A root by nature (rules.ts). */
  opensAtOnce: z.boolean(),
  /** Explained by none but its own class (the condition's column). */
  ownCause: z.boolean().exactOptional(),
  /** How long it waits for an order when nothing else shares its cause, ms; absent: no longer than the hold-off. */
  aloneMs: z.number().exactOptional(),
  /** What it has in common with others beyond all trees: a firmware, and what is wrong with it. */
  kin: z.string().exactOptional(),
  /** Between which moments it really began, where nobody saw it begin: who speaks every quarter of an hour may have
   *  fallen silent at any moment of one. */
  began: z.tuple([z.number(), z.number()]).exactOptional(),
})
/** An alarm that stands. */
export type Raised = z.infer<typeof raised>

/** What the decision may look at. */
export interface Scene {
  registry: Registry
  /** Every alarm that stands at the site. */
  standing: readonly Raised[]
  /** Has the device ever spoken, and does it still? */
  voice: (device: string) => 'speaks' | 'silent' | 'never-heard'
  limits: SiteParameters['correlation']
}

export interface Cause {
  /** Node (or site) at which the fault is. */
  root: string
  rule: Rule
  /** An alarm stands at the root, or its children point to it. */
  basis: 'measured' | 'inferred'
  /** The standing alarms it explains, itself included. */
  explained: readonly Raised[]
  /** When inferred: how many of the places below alarm. */
  share?: { alarming: number; of: number }
}

interface Candidate extends Cause {
  score: number
  /** Steps above the alarm in its tree. */
  height: number
  tree: Tree
  /** The alarm up there that explains, when measured. */
  by?: Raised
}

/** The cause of a standing alarm: the top of the climb, or the alarm itself. */
export function causeOf(alarm: Raised, scene: Scene): Cause {
  const rule = ruleOf(alarm.rule)
  if (rule.lifeSafety) return itself(alarm, scene)
  const candidates = [...atTheSamePlace(alarm, scene), ...upstream(alarm, scene), ...amongKin(alarm, scene)]
  const [best] = candidates.sort(byPreference)
  if (!best) return itself(alarm, scene)
  return best.by ? including(alarm, causeOf(best.by, scene)) : best
}

/** The top need not know the rule of what the climb began with: a sensor blames the power cut that silenced its gateway. */
function including(alarm: Raised, cause: Cause): Cause {
  const isKnown = cause.explained.some(({ key }) => key === alarm.key)
  return isKnown ? cause : { ...cause, explained: [...cause.explained, alarm] }
}

function itself(alarm: Raised, scene: Scene): Cause {
  const rule = ruleOf(alarm.rule)
  const explained = scene.standing.filter((other) => explains(alarm, other, scene.registry))
  return { root: alarm.node, rule, basis: 'measured', explained }
}

/** Does the alarm `by` explain the alarm `other`: at its own place, or below it in a tree? */
export function explains(by: Raised, other: Raised, registry: Registry): boolean {
  if (!mayExplain(by, other)) return false
  if (by.key === other.key) return true
  if (by.node === other.node) return isFirst(by, other)
  return ruleOf(other.rule).trees.some((tree) => isBelow(tree, other, positionOf(tree, by), registry))
}

function mayExplain(by: Raised, other: Raised): boolean {
  const { swallows, aftermath } = ruleOf(by.rule)
  if (!swallows.includes(other.rule) || (other.ownCause && !isOfOneClass(by, other))) return false
  return other.atMs >= by.atMs || !aftermath?.includes(other.rule)
}

function isOfOneClass(a: Raised, b: Raised): boolean {
  return ruleOf(a.rule).causeClass === ruleOf(b.rule).causeClass
}

/** Where each could explain the other at one place (a burst stops the pump; a station without power loses its
 *  pressure), the one that began first does. Alarms of one class are one fault anyway. */
function isFirst(by: Raised, other: Raised): boolean {
  if (isOfOneClass(by, other) || !ruleOf(other.rule).swallows.includes(by.rule)) return true
  return by.atMs < other.atMs || (by.atMs === other.atMs && by.key < other.key)
}

/** In the comms tree devices stand, in the others nodes. */
function positionOf(tree: Tree, alarm: Raised): string {
  return tree === 'comms' ? alarm.device : alarm.node
}

export function isBelow(tree: Tree, alarm: Raised, above: string, registry: Registry): boolean {
  return registry.ancestors(tree, positionOf(tree, alarm)).includes(above)
}

/** At one place one class may explain another, never both each other. */
function atTheSamePlace(alarm: Raised, scene: Scene): Candidate[] {
  return scene.standing
    .filter((other) => other.node === alarm.node)
    .filter((other) => mayExplain(other, alarm) && isFirst(other, alarm))
    .filter((other) => !isOfOneClass(other, alarm) || !mayExplain(alarm, other))
    .map((by) => ownAlarm(by, { tree: 'hydraulic', height: 0 }, scene))
}

function upstream(alarm: Raised, scene: Scene): Candidate[] {
  return ruleOf(alarm.rule).trees.flatMap((tree) =>
    scene.registry.ancestors(tree, positionOf(tree, alarm)).flatMap((position, index) => {
      const where = { tree, height: index + 1 }
      const own = scene.standing
        .filter((other) => positionOf(tree, other) === position)
        .filter((other) => mayExplain(other, alarm))
        .map((by) => ownAlarm(by, where, scene))
      const inferred = byChildren(alarm, { ...where, position }, scene)
      return inferred ? [...own, inferred] : own
    }),
  )
}

function ownAlarm(by: Raised, where: { tree: Tree; height: number }, scene: Scene): Candidate {
  const { explained } = itself(by, scene)
  const rule = ruleOf(by.rule)
  const alarming = new Set(explained.map((alarm) => positionOf(where.tree, alarm)))
  const points = pointsBelow(where.tree, positionOf(where.tree, by), { rule, alarming }, scene)
  const calm = points.filter((point) => !alarming.has(point)).length
  const score = explained.length / (1 + calm)
  return { root: by.node, rule, basis: 'measured', explained, score, by, ...where }
}

/** The place nobody measures, judged by what hangs on it. */
function byChildren(
  alarm: Raised,
  where: { tree: Tree; position: string; height: number },
  scene: Scene,
): Candidate | undefined {
  const { tree, position, height } = where
  const rule = ruleOf(alarm.rule)
  const family = scene.standing
    .filter((other) => ruleOf(other.rule).causeClass === rule.causeClass && !ruleOf(other.rule).lifeSafety)
    .filter((other) => !rule.onlyTogether || apartMs(other, alarm) <= scene.limits.togetherMs)
    .filter((other) => isBelow(tree, other, position, scene.registry))
  const alarming = new Set(family.map((other) => positionOf(tree, other)))
  const points = pointsBelow(tree, position, { rule, alarming }, scene)
  const hit = points.filter((point) => alarming.has(point)).length
  const { childrenAtLeast, childrenShare } = scene.limits
  const { atLeast = childrenAtLeast, share = childrenShare } = rule.inferred ?? {}
  const enough = Math.max(atLeast, share * points.length)
  if (hit < enough) return undefined
  const root = scene.registry.device(position)?.node ?? position
  const ofTheRoot = scene.standing.filter(
    ({ node, rule: other }) => node === root && rule.swallows.includes(other),
  )
  return {
    root,
    rule: gravest(family),
    basis: 'inferred',
    explained: [...new Set([...family, ...ofTheRoot])],
    share: { alarming: hit, of: points.length },
    score: family.length / (1 + points.length - hit),
    tree,
    height,
  }
}

/** How far apart they began, at least. */
function apartMs(a: Raised, b: Raised): number {
  const [aFromMs, aToMs] = a.began ?? [a.atMs, a.atMs]
  const [bFromMs, bToMs] = b.began ?? [b.atMs, b.atMs]
  return Math.max(aFromMs, bFromMs) - Math.min(aToMs, bToMs)
}

/** What several do that are of one make is the maker's. */
function amongKin(alarm: Raised, { registry, standing, limits }: Scene): Candidate[] {
  const rule = ruleOf(alarm.rule)
  const family = standing.filter(({ kin, rule: other }) => kin === alarm.kin && other === alarm.rule)
  const kind = registry.device(alarm.device)?.kind
  if (
    alarm.kin === undefined ||
    kind === undefined ||
    family.length < (rule.kinAtLeast?.(limits) ?? Infinity)
  )
    return []
  const of = registry.devicesOf(alarm.site, kind).length
  const share = { alarming: family.length, of }
  const score = family.length / (1 + of - family.length)
  return [
    { root: alarm.site, rule, basis: 'inferred', explained: family, share, score, tree: 'comms', height: 1 },
  ]
}

/** The measured places below a position that could show a fault of this class. Pipes branch, so along the
 *  hydraulic tree everything below counts; elsewhere the direct children. A device that cannot speak shows
 *  nothing new, except that it is silent. */
function pointsBelow(
  tree: Tree,
  position: string,
  fault: { rule: Rule; alarming: ReadonlySet<string> },
  { registry, voice }: Scene,
): string[] {
  const below =
    tree === 'hydraulic' ? registry.descendants(tree, position) : registry.children(tree, position)
  const { causeClass } = fault.rule
  const kinds = new Set(rules.filter((rule) => rule.causeClass === causeClass).flatMap(({ kinds }) => kinds))
  const shows = (device: string) =>
    causeClass === 'silence' ? voice(device) !== 'never-heard' : voice(device) === 'speaks'
  return below.filter((point) => {
    const own = tree === 'comms' ? registry.device(point) : undefined
    const measuring = (own ? [own] : registry.devicesAt(point)).filter(({ kind }) => kinds.has(kind))
    return measuring.some(({ id }) => fault.alarming.has(point) || shows(id))
  })
}

const treeOrder: readonly Tree[] = ['electrical', 'comms', 'hydraulic']

function byPreference(a: Candidate, b: Candidate): number {
  const measured = Number(b.basis === 'measured') - Number(a.basis === 'measured')
  if (measured !== 0) return measured
  const higher = a.rule.inferred?.isNearest ? a.height - b.height : b.height - a.height
  return b.score - a.score || higher || treeOrder.indexOf(a.tree) - treeOrder.indexOf(b.tree)
}

/** The rule of the most severe alarm; among equals the first of the table. */
export function gravest(alarms: readonly Raised[]): Rule {
  const order = (rule: RuleId) => ruleIds.indexOf(rule)
  const [worst] = [...alarms].sort(
    (a, b) => a.severity.localeCompare(b.severity) || order(a.rule) - order(b.rule),
  )
  if (!worst) throw new Error('no alarm, no rule')
  return ruleOf(worst.rule)
}
