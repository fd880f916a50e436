import { parentPort } from 'node:worker_threads'
import type { Job } from './job.ts'
import { scoreJob } from './scored-run.ts'

/** Runs what it is handed, one job after the other, and says what came of each. */
parentPort?.on('message', (job: Job) => {
  void scoreJob(job).then((scored) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage(scored)
  })
})
