import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  commandLineOf,
  identityOf,
  isAlive,
  isPortOpen,
  markedProcesses,
  type ProcessIdentity,
  portOwner,
  stopProcess,
} from '../../../deploy/local/processes.ts'
import { describeWhen } from '../../support/stack.ts'

const started: ChildProcess[] = []

const startNode = async (script: string, env: Record<string, string> = {}): Promise<ProcessIdentity> => {
  const child = spawn(process.execPath, ['-e', `${script}; process.stdout.write('ready')`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...env },
  })
  started.push(child)
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  const identity = identityOf(child.pid ?? 0)
  if (identity === undefined) throw new Error('the child is gone')
  return identity
}

const FOR_EVER = 'setInterval(() => {}, 1000)'
const STUBBORN = `process.on('SIGTERM', () => {}); ${FOR_EVER}`

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

describe('a process identity', () => {
  it('is alive while the process is, and not for another start time of the same pid', async () => {
    const child = await startNode(FOR_EVER)
    expect(isAlive(child)).toBe(true)
    expect(isAlive({ ...child, startTime: '1' })).toBe(false)
    process.kill(child.pid, 'SIGKILL')
    await sleep(200)
    expect(isAlive(child)).toBe(false)
  })
})

describe('stopping a process', () => {
  it('lets one that listens to the signal end by itself', async () => {
    const child = await startNode(FOR_EVER)
    await expect(stopProcess(child, { signal: 'SIGTERM', timeoutMs: 5_000 })).resolves.toBe(true)
    expect(isAlive(child)).toBe(false)
  })

  it('kills one that does not, after its time is over', async () => {
    const child = await startNode(STUBBORN)
    await expect(stopProcess(child, { signal: 'SIGTERM', timeoutMs: 300 })).resolves.toBe(false)
    expect(isAlive(child)).toBe(false)
  })

  it('ends what the process started, too', async () => {
    const script = `const c = require('node:child_process').spawn('sleep', ['60']); process.title = String(c.pid); ${FOR_EVER}`
    const child = await startNode(script)
    const grandchild = identityOf(Number(commandLineOf(child.pid)))
    if (grandchild === undefined) throw new Error('the grandchild did not start')
    await stopProcess(child, { signal: 'SIGTERM', timeoutMs: 2_000 })
    await sleep(100)
    expect(isAlive(grandchild)).toBe(false)
  })
})

const onLinux = (title: string, body: () => void) =>
  describeWhen(process.platform === 'linux', title, 'needs /proc', body)

onLinux('marked processes', () => {
  it('are found by their data folder alone', async () => {
    const ours = await startNode(FOR_EVER, { NIKASH_STACK: '/tmp/this-stack', NIKASH_PART: 'kafka' })
    await startNode(FOR_EVER, { NIKASH_STACK: '/tmp/this-stack-2', NIKASH_PART: 'kafka' })
    await startNode(FOR_EVER, { EDITING: '/tmp/this-stack' })
    expect(markedProcesses('/tmp/this-stack')).toEqual([{ ...ours, part: 'kafka' }])
  })
})

onLinux('the owner of a port', () => {
  it('is named with its pid and command, also past descriptors that close while one looks', async () => {
    // The listing of /proc/<pid>/fd has the lowest free number: below the socket's, once this file is closed again.
    const below = openSync('/dev/null', 'r')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    closeSync(below)
    const [owner, open] = [portOwner(port), await isPortOpen(port)]
    await new Promise((resolve) => server.close(resolve))
    expect(owner?.pid).toBe(process.pid)
    expect(open).toBe(true)
    expect(portOwner(port)).toBeUndefined()
    await expect(isPortOpen(port)).resolves.toBe(false)
  })
})
