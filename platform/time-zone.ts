/** Local time minus UTC at an instant, ms. `timeZone` is an IANA name; a look-up takes some microseconds. */
export function offsetsOf(timeZone: string): (t: number) => number {
  const wallClock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (t) => {
    const shown = new Map(wallClock.formatToParts(t).map((part) => [part.type, Number(part.value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0
    const localMs = Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    )
    return localMs - Math.floor(t / 1_000) * 1_000
  }
}
