import { deviceFaults } from '../firmware/device-faults.ts'
import { chargingFaults } from '../plant/charging-faults.ts'
import { heatingFaults } from '../plant/heating-faults.ts'
import { waterFaults } from '../plant/water-faults.ts'
import type { FaultKind } from './fault-kind.ts'

/** Everything a scenario can break, part by part. */
export const faultKinds: readonly FaultKind[] = [
  ...heatingFaults,
  ...waterFaults,
  ...chargingFaults,
  ...deviceFaults,
]

/** The row of a name; undefined when there is none. */
export function faultKindOf(fault: string): FaultKind | undefined {
  return faultKinds.find((kind) => kind.fault === fault)
}
