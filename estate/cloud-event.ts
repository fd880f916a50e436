import { z } from 'zod'
import { orderStates, severities, type OrderEvent, type WorkOrder } from './work-order.ts'

/** What the world outside is told of faults and work orders: CloudEvents 1.0 in JSON
 *  (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).
 *
 *  What the machine found is `estatepulse.fault.raised` (`updated`, `relapsed`, `recovered`, `merged`); what happens to the
 *  order is `estatepulse.order.acknowledge` and so on, and `estatepulse.order.escalated`. `id` is the same however often
 *  it is sent. Households, photos and what people wrote stay inside. */

const text = z.object({ zh: z.string(), en: z.string() })

const orderData = z.object({
  id: z.string(),
  state: z.enum(orderStates),
  severity: z.enum(severities),
  rule: z.string(),
  causeClass: z.string(),
  site: z.string(),
  root: z.string(),
  title: text,
  reason: text,
  households: z.number().describe('how many feel it'),
  openedAtMs: z.number(),
  recoveredAtMs: z.number().exactOptional(),
  closedAtMs: z.number().exactOptional(),
  mergedInto: z.string().exactOptional(),
})

const attributes = {
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
}

export const orderCloudEvent = z.object({
  ...attributes,
  type: z.string().regex(/^estatepulse\.(fault|order)\.[a-z-]+$/),
  subject: z.string().describe('the work order'),
  data: orderData,
})
export type OrderCloudEvent = z.infer<typeof orderCloudEvent>

/** Many at once: `more` is how many orders the list leaves out. */
export const digestCloudEvent = z.object({
  ...attributes,
  type: z.literal('estatepulse.digest'),
  data: z.object({
    events: z.int(),
    fromMs: z.number(),
    toMs: z.number(),
    bySeverity: z.partialRecord(z.enum(severities), z.int()),
    orders: z.array(orderData.pick({ id: true, state: true, severity: true, site: true, title: true })),
    more: z.int(),
  }),
})
export type DigestCloudEvent = z.infer<typeof digestCloudEvent>

/** The word for what happened: `raised`, or of a person's deed its name. */
export function happening(event: OrderEvent): string {
  return event.type === 'acted' ? event.action : event.type
}

const found = new Set(['raised', 'updated', 'relapsed', 'recovered', 'merged'])

/** `order` is the order after the event; `row` its number among all events of all orders. */
export function cloudEventOf(order: WorkOrder, event: OrderEvent, row: number): OrderCloudEvent {
  return orderCloudEvent.parse({
    specversion: '1.0',
    id: `${order.id}.${row}`,
    source: `/estate-pulse/sites/${order.site}`,
    type: `estatepulse.${found.has(event.type) ? 'fault' : 'order'}.${happening(event)}`,
    subject: order.id,
    time: new Date(event.atMs).toISOString(),
    datacontenttype: 'application/json',
    data: order,
  })
}
