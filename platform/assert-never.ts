/** For the case that the types rule out: reaching it is a bug of ours, and says so. */
export function assertNever(impossible: never): never {
  throw new Error(`impossible case: ${JSON.stringify(impossible)}`)
}
