import { collectDefaultMetrics, Registry } from 'prom-client'

/** One registry a process; the supervisor merges those of all roles into one `/metrics`.
 *  Our own names start with `estate_`. */
export type Metrics = Registry

export function openMetrics(role: string): Metrics {
  const metrics = new Registry()
  metrics.setDefaultLabels({ role })
  collectDefaultMetrics({ register: metrics })
  return metrics
}
