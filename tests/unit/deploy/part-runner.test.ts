/** Parts here are tiny Node programs; what counts as healthy is a file that they write. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Part, StackContext } from '../../../deploy/local/part.ts'
import { PartRunner, pauseBeforeRestartMs } from '../../../deploy/local/part-runner.ts'
import { layoutOf } from '../../../deploy/local/paths.ts'
import { portsFor, urlsFor } from '../../../deploy/local/ports.ts'
import { isAlive } from '../../../deploy/local/processes.ts'
import { loadSecrets } from '../../../deploy/local/secrets.ts'
import { stopOrder } from '../../../deploy/local/supervisor.ts'

let context: StackContext
let runner: PartRunner | undefined
const said: string[] = []

beforeEach(() => {
  const layout = layoutOf(mkdtempSync(join(tmpdir(), 'nikash-parts-')))
  mkdirSync(layout.logs)
  const secrets = loadSecrets(layout.secrets)
  const ports = portsFor(3000)
  const inherited = { PATH: process.env['PATH'] ?? '' }
  context = { layout, ports, secrets, urls: urlsFor(ports, secrets), speed: 1, canarySeconds: 0, inherited }
  said.length = 0
})
afterEach(async () => {
  await runner?.stop()
  runner = undefined
  rmSync(context.layout.root, { recursive: true, force: true })
})

const FOR_EVER = 'setInterval(() => {}, 1000)'
const readyFile = () => join(context.layout.root, 'ready')

const partOf = (script: string, changes: Partial<Part> = {}): Part => ({
  name: 'example',
  kind: 'service',
  version: '1',
  ports: {},
  dependsOn: [],
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 2_000,
  healthTimeoutMs: 5_000,
  present: true,
  prepare: () =>
    Promise.resolve({ file: process.execPath, args: ['-e', script], env: { READY: readyFile() }, cwd: '/' }),
  check: () => (existsSync(readyFile()) ? Promise.resolve() : Promise.reject(new Error('not ready'))),
  ...changes,
})

const runnerOf = (part: Part): PartRunner => {
  runner = new PartRunner(part, context, { changed: () => undefined, say: (line) => said.push(line) })
  return runner
}

const until = async (condition: () => boolean, timeoutMs = 8_000): Promise<void> => {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true')
    await sleep(25)
  }
}

const identityOf = (started: PartRunner) => {
  const { pid, startTime } = started.state()
  if (pid === null || startTime === null) throw new Error('not running')
  return { pid, startTime }
}

describe('a part', () => {
  it('counts as healthy only after its check answered, not when its process exists', async () => {
    const script = `setTimeout(() => require('node:fs').writeFileSync(process.env.READY, ''), 600); ${FOR_EVER}`
    const part = runnerOf(partOf(script))
    const start = part.start()
    await sleep(300)
    expect(part.status).toBe('starting')
    await start
    expect(part.status).toBe('healthy')
  })

  it('that was killed is started again, and its log keeps both runs', async () => {
    const script = `console.log('run'); require('node:fs').writeFileSync(process.env.READY, ''); ${FOR_EVER}`
    const part = runnerOf(partOf(script))
    await part.start()
    const first = identityOf(part)
    process.kill(first.pid, 'SIGKILL')
    await until(() => part.status === 'healthy' && part.state().pid !== first.pid)
    expect(part.state().restarts).toBe(1)
    await until(() => readFileSync(part.state().log, 'utf8') === 'run\nrun\n')
    expect(said.join()).toContain('SIGKILL')
  })

  it('that ends during its start fails the start after a few attempts, with the reason', async () => {
    const part = runnerOf(partOf('process.exit(7)'))
    await expect(part.start()).rejects.toThrow('ended with code 7')
    expect(part.status).toBe('failed')
  })

  it('that never becomes healthy fails the start and leaves no process', async () => {
    const part = runnerOf(partOf(FOR_EVER, { healthTimeoutMs: 400 }))
    const start = part.start()
    start.catch(() => undefined)
    await until(() => part.state().pid !== null)
    const first = identityOf(part)
    await expect(start).rejects.toThrow(/not healthy within 0.4 s \(not ready\)/)
    expect(isAlive(first)).toBe(false)
    expect(part.state().pid).toBeNull()
  })

  it('is not healthy when somebody else answers on its port', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const part = runnerOf(partOf(FOR_EVER, { ports: { http: port }, check: () => Promise.resolve() }))
    await expect(part.start()).rejects.toThrow(`port ${port} is held by another process, pid ${process.pid}`)
    expect(part.status).toBe('failed')
    await new Promise((resolve) => server.close(resolve))
  })

  it('is not started again after it was stopped', async () => {
    const script = `require('node:fs').writeFileSync(process.env.READY, ''); ${FOR_EVER}`
    const part = runnerOf(partOf(script))
    await part.start()
    const identity = identityOf(part)
    await part.stop()
    expect(isAlive(identity)).toBe(false)
    await sleep(500)
    expect(part.state()).toMatchObject({ status: 'stopped', pid: null })
  })

  it('can be stopped while it waits to be started again', async () => {
    const script = `require('node:fs').writeFileSync(process.env.READY, ''); setTimeout(() => process.exit(1), 300)`
    const part = runnerOf(partOf(script))
    await part.start()
    await until(() => part.status === 'restarting')
    await part.stop()
    await sleep(700)
    expect(part.state()).toMatchObject({ status: 'stopped', pid: null })
  })

  it('waits longer before each restart, up to a bound', () => {
    const pauses = Array.from({ length: 20 }, (_, nth) => pauseBeforeRestartMs(nth))
    expect(pauses.slice(0, 4)).toEqual([250, 500, 1_000, 2_000])
    expect(Math.max(...pauses)).toBe(10_000)
  })
})

describe('a task', () => {
  it('is done when it ends with 0, and fails at once otherwise', async () => {
    const good = runnerOf(partOf('process.exit(0)', { kind: 'task' }))
    await good.start()
    expect(good.status).toBe('done')
    const bad = runnerOf(partOf('process.exit(1)', { kind: 'task' }))
    await expect(bad.start()).rejects.toThrow('ended with code 1')
    expect(bad.status).toBe('failed')
  })
})

describe('the order of stopping', () => {
  const named = (name: string, ...dependsOn: string[]): Part => partOf('', { name, dependsOn })

  it('ends a part before anything that it depends on', () => {
    const parts = [
      named('postgres'),
      named('kafka'),
      named('registry', 'postgres'),
      named('api', 'registry', 'kafka'),
    ]
    expect(stopOrder(parts)).toEqual([['api'], ['kafka', 'registry'], ['postgres']])
  })

  it('refuses parts that depend on each other', () => {
    expect(() => stopOrder([named('a', 'b'), named('b', 'a')])).toThrow(/depend on each other/)
  })
})
