/** How old something is, in the one unit that a person would say. */
export interface Age {
  unit: 's' | 'min' | 'h' | 'd'
  count: number
}

/** `ms` below zero (a clock a little ahead) counts as now. */
export function ageOf(ms: number): Age {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return { unit: 's', count: s }
  if (s < 3600) return { unit: 'min', count: Math.floor(s / 60) }
  if (s < 86_400) return { unit: 'h', count: Math.floor(s / 3600) }
  return { unit: 'd', count: Math.floor(s / 86_400) }
}

/** A running time with seconds while they matter: `04:09`, `1:04:09`, `2 d 03:12`. */
export function stopwatch(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const [days, hours, minutes, seconds] = [
    Math.floor(s / 86_400),
    Math.floor(s / 3600) % 24,
    Math.floor(s / 60) % 60,
    s % 60,
  ]
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}`
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
