import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { weightOf, type Job } from './job.ts'
import type { ScoredRun } from './scored-run.ts'

/** All jobs, on as many threads as there are cores; the longest first, so that nobody waits for one at the end.
 *  The answers come in the order of the jobs. `done` hears of each as it is ready. */
export async function scoreAll(jobs: readonly Job[], done: (run: ScoredRun) => void): Promise<ScoredRun[]> {
  const weight = new Map(jobs.map((job) => [job, weightOf(job)]))
  const waiting = jobs.toSorted((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0))
  const runs = new Map<Job, ScoredRun>()
  const threads = Math.min(availableParallelism(), jobs.length)
  await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url))
      try {
        for (let job = waiting.shift(); job; job = waiting.shift()) {
          const run = await handedTo(worker, job)
          runs.set(job, run)
          done(run)
        }
      } finally {
        await worker.terminate()
      }
    }),
  )
  return jobs.flatMap((job) => runs.get(job) ?? [])
}

function handedTo(worker: Worker, job: Job): Promise<ScoredRun> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners()
    worker.once('message', resolve)
    worker.once('error', reject)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(job)
  })
}
