/**
 * Owns how tests meet a running stack: its URLs come from the environment (`./nikash test` starts a stack and sets it;
 * by hand: `export $(./nikash status -o env)`). A suite whose stack is missing is skipped, and its title says why, so
 * that the list at the end of a run can say it too. Refuses: defaults that could hit somebody's other stack.
 */
import { readFileSync } from 'node:fs'
import { describe } from '@jest/globals'

export { signToken, type TokenClaims } from './tokens.ts'

const VARIABLES = {
  kafkaBrokers: 'KAFKA_BROKERS',
  schemaRegistryUrl: 'SCHEMA_REGISTRY_URL',
  clickhouseUrl: 'CLICKHOUSE_URL',
  clickhouseUser: 'CLICKHOUSE_USER',
  clickhousePassword: 'CLICKHOUSE_PASSWORD',
  clickhouseAnalystSecret: 'CLICKHOUSE_ANALYST_SECRET',
  redisUrl: 'REDIS_URL',
  databaseUrl: 'DATABASE_URL',
  databaseOwnerUrl: 'DATABASE_OWNER_URL',
  databaseReaderUrl: 'DATABASE_READER_URL',
  databaseAuditorUrl: 'DATABASE_AUDITOR_URL',
  apiUrl: 'API_URL',
  commandsUrl: 'COMMANDS_URL',
  jwtAccessSecret: 'JWT_ACCESS_SECRET',
  stateFile: 'NIKASH_STATE_FILE',
  python: 'NIKASH_PYTHON',
  browser: 'NIKASH_CHROMIUM',
  hledger: 'NIKASH_HLEDGER',
  dataDir: 'NIKASH_DATA_DIR',
} as const

export type StackNeed = keyof typeof VARIABLES
export type Stack<N extends StackNeed> = Readonly<Record<N, string>>

/** The values asked for, or the reason why a test that needs them can't run. */
export function stack<N extends StackNeed>(
  ...needs: readonly N[]
):
  | { readonly stack: Stack<N>; readonly reason?: undefined }
  | { readonly stack?: undefined; readonly reason: string } {
  const found: Partial<Record<N, string>> = {}
  const missing: string[] = []
  for (const need of needs) {
    const value = process.env[VARIABLES[need]]
    if (value === undefined || value === '') missing.push(VARIABLES[need])
    else found[need] = value
  }
  if (missing.length > 0) return { reason: `${missing.join(', ')} not set` }
  return { stack: found as Stack<N> }
}

/** `describe` that gets the values, or a skipped one with the reason in its title. */
export function describeStack<N extends StackNeed>(
  title: string,
  needs: readonly N[],
  body: (stack: Stack<N>) => void,
): void {
  const found = stack(...needs)
  if (found.stack !== undefined) {
    const values = found.stack
    describe(title, () => body(values))
    return
  }
  // The body still runs, so that each test in it is counted as skipped; the values are empty and never used.
  const empty = Object.fromEntries(needs.map((need) => [need, ''])) as Stack<N>
  describe.skip(`${title} (skipped: ${found.reason})`, () => body(empty))
}

/** `describe` when it can run here, or a skipped one with the reason in its title. */
export function describeWhen(possible: boolean, title: string, reason: string, body: () => void): void {
  if (possible) describe(title, body)
  else describe.skip(`${title} (skipped: ${reason})`, body)
}

export interface RunningPart {
  readonly name: string
  readonly status: string
  readonly pid: number | null
  readonly restarts: number
  readonly log: string
  readonly ports: Readonly<Record<string, number>>
}

/** What the supervisor says of one part (relay, processors, sink-redis, sink-clickhouse, api, ...). */
export function partOf(stateFile: string, name: string): RunningPart {
  const state = JSON.parse(readFileSync(stateFile, 'utf8')) as { parts: RunningPart[] }
  const part = state.parts.find((candidate) => candidate.name === name)
  if (part === undefined) throw new Error(`the stack of ${stateFile} has no part ${name}`)
  return part
}

/** `kill -9` of a part; the supervisor starts it again. Returns the pid that was killed. */
export function killPart(stateFile: string, name: string): number {
  const { pid, status } = partOf(stateFile, name)
  if (pid === null) throw new Error(`${name} is not running (${status})`)
  process.kill(pid, 'SIGKILL')
  return pid
}

/** Waits until the supervisor has replaced a killed part by a healthy one. */
export async function waitForRestart(stateFile: string, name: string, oldPid: number, timeoutMs = 60_000) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const part = partOf(stateFile, name)
    if (part.status === 'healthy' && part.pid !== oldPid) return part
    if (Date.now() > deadline) throw new Error(`${name} is ${part.status} ${timeoutMs} ms after its end`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
