/** The command line as a program: exit codes, what goes to which stream, and that a script can read it. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { jwtVerify } from 'jose'
import { loadSecrets } from '../../../deploy/local/secrets.ts'

const CLI = resolve(import.meta.dirname, '../../../deploy/cli/main.ts')
let data = ''
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'nikash-cli-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const nikash = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((done) => {
    const { NODE_OPTIONS: _jest, ...env } = process.env
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', CLI, ...args],
      { env },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    )
  })

/** A folder as a stack that was stopped leaves it. */
const stoppedStack = () => {
  const state = {
    stack: data,
    supervisor: { pid: 999_999_999, startTime: '1' },
    phase: 'stopped',
    startedAt: 'x',
    portBase: 7_000,
    demo: true,
    speed: 1,
    error: null,
    parts: [],
  }
  writeFileSync(join(data, 'VERSION'), '1\n')
  writeFileSync(join(data, 'state.json'), JSON.stringify(state))
  return loadSecrets(join(data, 'secrets.json'))
}

describe('exit codes', () => {
  it.each([
    ['an unknown verb', ['fly']],
    ['an unknown option', ['status', '--fast']],
    ['a missing option', ['token']],
    ['a wrong choice', ['test', 'everything']],
    ['a wrong number', ['up', '--port-base', '80']],
    ['a wrong role', ['token', '--tenant', 'acme', '--role', 'king']],
    ['a wrong tenant', ['analyst', '--tenant', "a' or 1=1"]],
  ])('are 2 for %s', async (_what, args) => {
    const ran = await nikash(...args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).not.toMatch(/ at .*\.ts:/)
  })

  it('are 3 for a verb that needs a stack when none runs, with what to do', async () => {
    const ran = await nikash('status', '--data', data)
    expect(ran).toMatchObject({ code: 3, stdout: '' })
    expect(ran.stderr).toContain('./nikash up')
  })

  it('are 0 for help and version', async () => {
    expect((await nikash('--help')).code).toBe(0)
    expect((await nikash('help', 'up')).stdout).toContain('--port-base')
    expect((await nikash('--version')).stdout).toBe('0.1.0\n')
  })
})

describe('status of a stack that does not run', () => {
  it('is JSON for programs, and no half of an environment', async () => {
    stoppedStack()
    const json = await nikash('status', '-o', 'json', '--data', data)
    expect(JSON.parse(json.stdout)).toMatchObject({ phase: 'down', parts: [] })
    expect(await nikash('status', '-o', 'env', '--data', data)).toMatchObject({ code: 3, stdout: '' })
  })
})

describe('a token', () => {
  it('stands alone on the last line and carries what services check', async () => {
    const { jwtAccessSecret } = stoppedStack()
    const ran = await nikash('token', '--tenant', 'acme', '--role', 'reader', '--ttl', '30m', '--data', data)
    expect(ran.code).toBe(0)
    const token = ran.stdout.trimEnd().split('\n').at(-1) ?? ''
    const { payload, protectedHeader } = await jwtVerify(token, new TextEncoder().encode(jwtAccessSecret), {
      issuer: 'nikash',
      audience: 'nikash',
    })
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'at+jwt' })
    expect(payload).toMatchObject({ tenant: 'acme', role: 'reader', sub: 'reader@acme' })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(1_800)
  })
})

describe('an analyst', () => {
  it('gets env lines with the port of the stack', async () => {
    stoppedStack()
    const ran = await nikash('analyst', '--tenant', 'acme', '--data', data)
    expect(ran.stdout.trimEnd().split('\n')).toEqual([
      'CLICKHOUSE_USER=analyst_acme',
      expect.stringMatching(/^CLICKHOUSE_PASSWORD=[0-9a-f]{64}$/),
      'CLICKHOUSE_URL=http://127.0.0.1:7023',
      'CLICKHOUSE_DATABASE=finance',
    ])
  })
})

describe('reset', () => {
  it('deletes a data folder, and refuses a folder that is none', async () => {
    stoppedStack()
    mkdirSync(join(data, 'kafka'))
    expect((await nikash('reset', '--yes', '--data', data)).code).toBe(0)
    mkdirSync(data)
    writeFileSync(join(data, 'thesis.txt'), 'x')
    const refused = await nikash('reset', '--yes', '--data', data)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('nothing was deleted')
  })
})

describe('describe', () => {
  it('draws a flow that mermaid can read: every edge between declared or named nodes', async () => {
    const { stdout, code } = await nikash('describe', '--format', 'mermaid')
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toBe('flowchart LR')
    const other = lines
      .slice(1)
      .filter((line) => !/^\s+(n\d+(\[.+\])?( --> n\d+(\[.+\])?)?|subgraph .+|end)$/.test(line))
    expect(other).toEqual([])
    expect(stdout).toContain('finance.events.v1')
  })
})
