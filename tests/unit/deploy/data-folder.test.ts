import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { StackError } from '../../../deploy/local/errors.ts'
import { type DataLayout, layoutOf } from '../../../deploy/local/paths.ts'
import { openDataFolder, stopLeftovers, takeLock } from '../../../deploy/local/preflight.ts'
import { identityOf, isAlive } from '../../../deploy/local/processes.ts'
import { analystPassword, loadSecrets } from '../../../deploy/local/secrets.ts'
import { readState } from '../../../deploy/local/state.ts'

let layout: DataLayout
const children: ChildProcess[] = []
beforeEach(() => {
  layout = layoutOf(mkdtempSync(join(tmpdir(), 'nikash-data-')))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(layout.root, { recursive: true, force: true })
})

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof StackError) return error.code
    throw error
  }
  return 'no error'
}

describe('a data folder', () => {
  it('is marked with its layout version when it is made, and accepted again', () => {
    openDataFolder(layout)
    expect(readFileSync(layout.version, 'utf8')).toBe('2\n')
    expect(codeOf(() => openDataFolder(layout))).toBe('no error')
  })

  it('of another version is refused, and nothing in it is touched', () => {
    openDataFolder(layout)
    writeFileSync(layout.version, '1\n')
    writeFileSync(join(layout.root, 'precious'), 'x')
    expect(codeOf(() => openDataFolder(layout))).toBe('OTHER_DATA_VERSION')
    expect(readFileSync(join(layout.root, 'precious'), 'utf8')).toBe('x')
  })

  it("is not made inside of somebody's full folder", () => {
    writeFileSync(join(layout.root, 'thesis.txt'), 'x')
    expect(codeOf(() => openDataFolder(layout))).toBe('NOT_A_DATA_FOLDER')
    expect(existsSync(layout.version)).toBe(false)
  })
})

describe('the lock of a data folder', () => {
  it('keeps a second supervisor out while its holder lives', () => {
    openDataFolder(layout)
    const release = takeLock(layout)
    expect(codeOf(() => takeLock(layout))).toBe('ALREADY_RUNNING')
    release()
    expect(codeOf(() => takeLock(layout)())).toBe('no error')
  })

  it('is taken over when its holder is gone, or when the pid is now another process', () => {
    openDataFolder(layout)
    writeFileSync(layout.lock, JSON.stringify({ pid: process.pid, startTime: '1' }))
    expect(codeOf(() => takeLock(layout)())).toBe('no error')
    writeFileSync(layout.lock, 'half a fi')
    expect(codeOf(() => takeLock(layout)())).toBe('no error')
  })
})

describe('secrets', () => {
  it('are made once, differ from each other, and are readable by their owner alone', () => {
    const first = loadSecrets(layout.secrets)
    expect(loadSecrets(layout.secrets)).toEqual(first)
    expect(new Set(Object.values(first)).size).toBe(Object.values(first).length)
    expect(statSync(layout.secrets).mode & 0o777).toBe(0o600)
  })

  it('gain what a newer version needs without losing what is there', () => {
    const first = loadSecrets(layout.secrets)
    const { jwtAccessSecret: _gone, ...older } = first
    writeFileSync(layout.secrets, JSON.stringify(older))
    const second = loadSecrets(layout.secrets)
    expect(second).toMatchObject(older)
    expect(second.jwtAccessSecret).not.toBe(first.jwtAccessSecret)
  })

  it("give an analyst the password that OpenSSL's HMAC gives", () => {
    // printf %s analyst_acme | openssl dgst -sha256 -hmac 'a secret of sixteen'
    expect(analystPassword('a secret of sixteen', 'analyst_acme')).toBe(
      '9e5fc9483ee97c1547364e623de04221a8b34d986011d2ab92b736369e2eff2f',
    )
  })
})

describe('leftovers of a run that was killed', () => {
  const startMarked = async (env: Record<string, string>) => {
    const child = spawn(
      process.execPath,
      ['-e', "setInterval(() => {}, 1000); process.stdout.write('ready')"],
      {
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
        env,
      },
    )
    children.push(child)
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    const identity = identityOf(child.pid ?? 0)
    if (identity === undefined) throw new Error('the child is gone')
    return identity
  }

  it('are stopped, and nothing else is', async () => {
    openDataFolder(layout)
    const ours = await startMarked({ NIKASH_STACK: layout.root, NIKASH_PART: 'redis' })
    const other = await startMarked({ NIKASH_STACK: `${layout.root}-other`, NIKASH_PART: 'redis' })
    const said: string[] = []
    await expect(stopLeftovers(layout, (line) => said.push(line))).resolves.toBe(1)
    expect(isAlive(ours)).toBe(false)
    expect(isAlive(other)).toBe(true)
    expect(said).toEqual([expect.stringContaining(`redis (pid ${ours.pid})`)])
  })

  it('named in the state file are left alone when their pid belongs to another process now', async () => {
    openDataFolder(layout)
    const stranger = await startMarked({})
    mkdirSync(layout.logs, { recursive: true })
    const part = {
      name: 'redis',
      kind: 'store',
      status: 'healthy',
      version: '6.2',
      pid: stranger.pid,
      startTime: '1',
      startedAt: null,
      restarts: 0,
      ports: {},
      log: 'x',
      detail: '',
      stopSignal: 'SIGTERM',
    }
    const supervisor = { pid: stranger.pid, startTime: '1' }
    const state = {
      stack: layout.root,
      supervisor,
      phase: 'up',
      startedAt: 'x',
      portBase: 3000,
      parts: [part],
    }
    writeFileSync(layout.state, JSON.stringify({ ...state, demo: true, speed: 1, error: null }))
    expect(readState(layout.state)?.parts).toHaveLength(1)
    await expect(stopLeftovers(layout, () => undefined)).resolves.toBe(0)
    expect(isAlive(stranger)).toBe(true)
  })
})
