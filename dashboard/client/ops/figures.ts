/** Numbers as people read them. */
const grouped = new Intl.NumberFormat('en-US')

/** `12,345` */
export function figure(count: number): string {
  return grouped.format(count)
}

/** `0 B`, `12 kB`, `1.4 MB`; thousands, as disks are sold. */
export function bytesFigure(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`
  return `${(bytes / 1_000_000).toFixed(bytes < 100_000_000 ? 1 : 0)} MB`
}
