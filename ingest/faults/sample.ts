/** The values of one sample: wire name -> integer or enum word. */
export type Values = Readonly<Record<string, number | string>>

export function numberIn(values: Values, signal: string): number | undefined {
  const value = values[signal]
  return typeof value === 'number' ? value : undefined
}
