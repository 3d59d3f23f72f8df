/**
 * Owns the one-shot preparation of the stores, run by the supervisor before any service: topics from the catalogue,
 * schemas, tables. Idempotent. Refuses: a topic whose partition count differs from the catalogue (it is fixed for the
 * topic's life).
 */
import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { sourceExists, sourceFile } from '../local/part.ts'
import { createCatalogueTopics } from './topic-setup.ts'

const STEP_TIMEOUT_MS = 90_000
/** Scripts of the other folders, each of which owns its store's shape. */
const STEPS = ['schemas/register.ts', 'producers/migrate.ts', 'sinks/clickhouse/migrate.ts'] as const

const runStep = (script: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', sourceFile(script)], {
      stdio: 'inherit',
      timeout: STEP_TIMEOUT_MS,
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${script} ended with ${signal ?? `code ${code}`}`))
    })
  })

const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
  const begun = Date.now()
  await work()
  process.stdout.write(`${what}: done after ${Date.now() - begun} ms\n`)
}

export const setup = async (brokers: string): Promise<void> => {
  // The stores differ, so nothing waits for anything else.
  const outcomes = await Promise.allSettled([
    timed('topics', () => createCatalogueTopics(brokers)),
    ...STEPS.filter(sourceExists).map((script) => timed(script, () => runStep(script))),
  ])
  const failures = outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map((outcome) => outcome.reason as Error)
  if (failures.length > 0)
    throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '))
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const brokers = process.env['KAFKA_BROKERS']
  if (brokers === undefined) {
    process.stderr.write('KAFKA_BROKERS is not set; this script is run by ./nikash up\n')
    process.exit(2)
  }
  try {
    await setup(brokers)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`setup failed: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}
