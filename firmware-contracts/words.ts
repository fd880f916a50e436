/** The words and bits of the contract, for everyone who must treat each of them: rules, dashboards,
 *  translations. This file imports nothing, so that the browser can have it. */

/** What a charging port is doing, for engineers. */
export const portPhases = [
  'idle',
  'plugged',
  'precheck',
  'charging',
  'topping',
  'unplug_check',
  'finishing',
  'reserved',
  'disabled',
  'faulted',
] as const
export type PortPhase = (typeof portPhases)[number]

/** What a resident may expect of a port: the five words of OCPP 2.0.1. */
export const portAvailabilities = ['available', 'occupied', 'reserved', 'unavailable', 'faulted'] as const
export type PortAvailability = (typeof portAvailabilities)[number]

/** What a port's firmware reports as wrong: the error codes of OCPP 1.6, plus what its precheck finds. */
export const portErrors = [
  'none',
  'ground_failure',
  'high_temperature',
  'over_current',
  'over_voltage',
  'under_voltage',
  'power_meter_failure',
  'power_switch_failure',
  'load_short',
  'no_output',
  'internal_error',
  'weak_signal',
] as const
export type PortError = (typeof portErrors)[number]

export const portEvents = [
  'plugged',
  'unplugged',
  'session_start',
  'session_stop',
  'alarm',
  'cleared',
] as const
export type PortEvent = (typeof portEvents)[number]

/** Why a charging session ended. */
export const stopReasons = [
  'full',
  'time_limit',
  'energy_limit',
  'unplugged',
  'user',
  'server',
  'overload',
  'low_power',
  'no_power',
  'over_temperature',
  'over_current',
  'over_voltage',
  'under_voltage',
  'ground_failure',
  'precheck_failed',
  'water',
  'smoke',
  'door',
  'internal_error',
] as const
export type StopReason = (typeof stopReasons)[number]

/** What changed, in an event of anything but a port: a device starts, or something is raised or cleared. */
export const deviceEvents = ['boot', 'alarm', 'cleared', 'changed'] as const
export type DeviceEvent = (typeof deviceEvents)[number]

export const valveStates = ['open', 'closed', 'fault'] as const
export type ValveState = (typeof valveStates)[number]

/** Bits of a water meter's `status`, lowest first. Vendors order theirs differently: normalised in the device. */
export const meterStatusBits = [
  'tamper',
  'cover',
  'dry',
  'leak',
  'burst',
  'reverse',
  'freeze',
  'over_range',
  'low_battery',
  'permanent_error',
  'temporary_error',
] as const
export type MeterStatusBit = (typeof meterStatusBits)[number]

/** The named bits that are set; bits without a name (a newer firmware's) are left out. */
export function meterStatus(bits: number): MeterStatusBit[] {
  return meterStatusBits.filter((_, index) => (bits & (1 << index)) !== 0)
}

export function meterStatusOf(names: readonly MeterStatusBit[]): number {
  return names.reduce((bits, name) => bits | (1 << meterStatusBits.indexOf(name)), 0)
}

/** NE 107: failure, function check, out of specification, maintenance. */
export const qualityLetters = ['F', 'C', 'S', 'M'] as const

/** Who set the device's clock: `n`tp, `c`ellular network, `r`tc, `u`nknown. */
export const clockSources = ['n', 'c', 'r', 'u'] as const

/** `lost` is the last will. */
export const connectionStates = ['ready', 'sleeping', 'lost', 'bye'] as const
