/** Loaded before a program that the benchmark runs (`node --import`): at its end it says on standard error what it
 *  has used, as JSON. */
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  process.stderr.write(`${JSON.stringify({ maxRSS, processorUs: userCPUTime + systemCPUTime })}\n`)
})
