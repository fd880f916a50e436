import { expect, test } from 'vitest'
import { foldOrder, type IncidentReport, type OrderEvent } from '../estate/work-order.ts'
import { orderNoticeSchema } from '../firmware-contracts/server-messages.ts'
import { orderNotice } from './order-notice.ts'

const report: IncidentReport = {
  ...{ key: 'a|x', root: 'a', causeClass: 'x', rule: 'H01', severity: 'P1', site: 'oak' },
  title: { zh: '爆管', en: 'Burst' },
  openedAtMs: 1_000,
  reason: { zh: '', en: '' },
  ...{ evidence: [], affected: [], households: 0 },
}
const raised: OrderEvent = { type: 'raised', atMs: 1_000, report }
const escalated: OrderEvent = {
  type: 'escalated',
  atMs: 2_000,
  escalation: { clock: 'acknowledge', level: 'head-of-shift', round: 0 },
  reason: { zh: '', en: '' },
}
const answered: OrderEvent = { type: 'acted', atMs: 3_000, action: 'acknowledge', who: 'li' }

test('an order that calls for somebody says for whom and why, and says so once', () => {
  const notice = orderNotice(foldOrder('1', [raised, escalated]), 2_000)
  expect(orderNoticeSchema.parse(notice)).toMatchObject({
    ...{ order: '1', state: 'open', severity: 'P1', site: 'oak' },
    escalation: { clock: 'acknowledge', level: 'head-of-shift' },
  })
  const next = orderNotice(foldOrder('1', [raised, escalated, answered]), 3_000)
  expect(next).toMatchObject({ state: 'acknowledged' })
  expect(next).not.toHaveProperty('escalation')
})
