import type { IncidentReport } from './work-order.ts'

/** For tests only: what the fault engine says of a burst main, with what the test cares about. */
export function reportOfBurst(
  about: Partial<IncidentReport> & Pick<IncidentReport, 'openedAtMs'>,
): IncidentReport {
  const { root = 'station' } = about
  return {
    key: `${root}|pressure-loss`,
    root,
    causeClass: 'pressure-loss',
    rule: 'H01',
    severity: 'P1',
    site: 'oak',
    title: { zh: '爆管', en: 'Burst' },
    reason: { zh: '低', en: 'low' },
    evidence: [],
    affected: [],
    households: 0,
    ...about,
  }
}
