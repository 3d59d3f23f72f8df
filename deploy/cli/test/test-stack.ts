/**
 * Owns the stack of a test run: its own data folder and ports, without the demo company, gone afterwards. Refuses: a
 * stack of somebody else, unless its folder is named with --data.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from '../../local/errors.ts'
import { HOME_DIR, layoutOf } from '../../local/paths.ts'
import { ADMIN_OFFSETS, HOST, PORT_OFFSETS } from '../../local/ports.ts'
import { openDataFolder } from '../../local/preflight.ts'
import { identityOf, isAlive, signalIfAlive, waitForEnd } from '../../local/processes.ts'
import { readState, supervisorAlive } from '../../local/state.ts'
import { openStack } from '../access.ts'
import { environmentLines } from '../status.ts'
import { failureOf, spawnSupervisor } from '../up.ts'

const FOLDER = join(HOME_DIR, 'test')
const LOGS_KEPT = join(HOME_DIR, 'test-logs')
const FIRST_BASE = 4000
const BASE_STEP = 200
const BASES_MAX = 60
const START_TIMEOUT_MS = 5 * 60_000
const STOP_TIMEOUT_MS = 90_000

export type TestStack = {
  readonly env: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

const canBind = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)))
  })

const freePortBase = async (): Promise<number> => {
  const offsets = [...Object.values(PORT_OFFSETS), ...Object.values(ADMIN_OFFSETS)]
  for (let attempt = 0; attempt < BASES_MAX; attempt += 1) {
    const base = FIRST_BASE + attempt * BASE_STEP
    const free = await Promise.all(offsets.map((offset) => canBind(base + offset)))
    if (free.every(Boolean)) return base
  }
  throw new StackError(
    'NO_FREE_PORTS',
    'No free range of ports for the tests.',
    'Stop some stacks: ./nikash down',
  )
}

/** Folders of runs that were killed before they could clean up. */
const removeStale = (): void => {
  if (!existsSync(FOLDER)) return
  for (const name of readdirSync(FOLDER)) {
    const owner = Number(name)
    if (Number.isInteger(owner) && identityOf(owner) !== undefined) continue
    // Left on purpose (--keep), and still in use.
    if (supervisorAlive(readState(layoutOf(join(FOLDER, name)).state))) continue
    rmSync(join(FOLDER, name), { recursive: true, force: true })
  }
}

const environmentOf = (dataDir: string): Record<string, string> =>
  Object.fromEntries(
    environmentLines(openStack({ data: dataDir })).map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )

export const useStack = (dataDir: string): TestStack => ({
  env: environmentOf(dataDir),
  stop: () => Promise.resolve(),
})

export const startTestStack = async (options: { readonly keep: boolean }): Promise<TestStack> => {
  removeStale()
  const layout = layoutOf(join(FOLDER, String(process.pid)))
  mkdirSync(FOLDER, { recursive: true })
  openDataFolder(layout)
  const supervisor = spawnSupervisor(layout, {
    data: layout.root,
    portBase: await freePortBase(),
    demo: false,
    speed: 1,
    // Tests count events, and time what they do: nobody else trades in their stack.
    canarySeconds: 0,
    storesOnly: false,
    parent: options.keep ? 0 : process.pid,
  })
  const stop = async (): Promise<void> => {
    rmSync(LOGS_KEPT, { recursive: true, force: true })
    cpSync(layout.logs, LOGS_KEPT, { recursive: true })
    if (options.keep) return
    signalIfAlive(supervisor, 'SIGTERM')
    if (!(await waitForEnd(supervisor, STOP_TIMEOUT_MS))) signalIfAlive(supervisor, 'SIGKILL')
    rmSync(layout.root, { recursive: true, force: true })
  }
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const state = readState(layout.state)
    if (state?.phase === 'up') return { env: environmentOf(layout.root), stop }
    if (!isAlive(supervisor) || Date.now() > deadline) {
      const failure = failureOf(layout, readState(layout.state))
      await stop()
      throw failure
    }
    await sleep(200)
  }
}
