/** Times as the wall clock of the estates shows them, whatever the browser's own zone. */
export const siteTimeZone = 'Asia/Shanghai'

const minute = new Intl.DateTimeFormat('en-GB', {
  timeZone: siteTimeZone,
  hour: '2-digit',
  minute: '2-digit',
})
const second = new Intl.DateTimeFormat('en-GB', {
  timeZone: siteTimeZone,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const day = new Intl.DateTimeFormat('en-CA', {
  timeZone: siteTimeZone,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** `07:31` */
export function hourMinute(epochMs: number): string {
  return minute.format(epochMs)
}

/** `07:31:10` */
export function hourMinuteSecond(epochMs: number): string {
  return second.format(epochMs)
}

/** `2026-11-24 07:31` */
export function dayAndMinute(epochMs: number): string {
  return `${day.format(epochMs)} ${minute.format(epochMs)}`
}

const monthAndDay = new Intl.DateTimeFormat('en-CA', {
  timeZone: siteTimeZone,
  month: '2-digit',
  day: '2-digit',
})

/** `11-24` */
export function monthDay(epochMs: number): string {
  return monthAndDay.format(epochMs)
}
