/** The operator's mistakes (configuration, an import file, a command), all of them at once.
 *  Shown without a stack; ends a program with exit code 2, an API request with a 4xx. */
export class OperatorError extends Error {
  readonly mistakes: readonly string[]

  constructor(summary: string, mistakes: readonly string[] = []) {
    super([summary, ...mistakes.map((mistake) => `  - ${mistake}`)].join('\n'))
    this.name = 'OperatorError'
    this.mistakes = mistakes
  }
}
