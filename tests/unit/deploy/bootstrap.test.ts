/**
 * The ./nikash script itself, in a copy of its own with a made-up PATH: `node` and `npm` there are stubs, so nothing is
 * downloaded. What the stub npm installs as Node is a shell script that says who called it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

const SCRIPT = resolve(import.meta.dirname, '../../../nikash')
const TOOLS =
  'awk cat chmod cksum cp df dirname find head kill ln mkdir mv readlink rm sh sleep tail tr wc'.split(' ')

let root = ''
let bin = ''
const children: ChildProcess[] = []

const executable = (file: string, text: string): void => {
  writeFileSync(file, text)
  chmodSync(file, 0o755)
}

/** A Node that prints its arguments; a version that the script asks for. */
const STUB_NODE = `#!/bin/sh
if [ "$1" = --version ]; then echo v24.21.0; exit 0; fi
echo "ran: $*"`

const STUB_NPM = `#!/bin/sh
echo "npm $* in $PWD" >> "$NPM_CALLS"
[ -z "\${NPM_SLEEP:-}" ] || sleep "$NPM_SLEEP"
[ -z "\${NPM_FAILS:-}" ] || { echo 'npm error network'; exit 1; }
case "$*" in
  *node@*)
    mkdir -p node_modules/node/bin
    cat > node_modules/node/bin/node <<'NODE'
${STUB_NODE}
NODE
    chmod +x node_modules/node/bin/node ;;
  *) mkdir -p node_modules ;;
esac`

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nikash-boot-'))
  bin = join(root, 'bin')
  mkdirSync(bin)
  mkdirSync(join(root, 'clone'))
  cpSync(SCRIPT, join(root, 'clone', 'nikash'))
  writeFileSync(join(root, 'clone', 'package-lock.json'), '{}')
  for (const tool of TOOLS) {
    const file = ['/bin', '/usr/bin'].map((folder) => join(folder, tool)).find(existsSync)
    if (file !== undefined) symlinkSync(file, join(bin, tool))
  }
  executable(join(bin, 'node'), '#!/bin/sh\necho "${STUB_MAJOR:-20}"')
  executable(join(bin, 'npm'), STUB_NPM)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

const nikash = (args: readonly string[] = ['status'], env: Record<string, string> = {}): Promise<Ran> =>
  new Promise((done) => {
    const child = spawn(join(root, 'clone', 'nikash'), [...args], {
      env: { PATH: bin, NPM_CALLS: join(root, 'calls'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.once('close', (code) => done({ code, stdout, stderr }))
  })

const npmCalls = (): string[] =>
  existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trimEnd().split('\n') : []

const clone = (...parts: string[]) => join(root, 'clone', ...parts)

describe('./nikash', () => {
  it('installs Node, then the packages with that Node, then runs the verb', async () => {
    const ran = await nikash(['token', '--tenant', 'a b'])
    expect(ran.stdout).toContain(`${clone('deploy/cli/main.ts')} token --tenant a b`)
    expect(npmCalls()).toEqual([
      expect.stringContaining(`node@24.21.0 in ${clone('.nikash/node')}`),
      expect.stringContaining(`npm install --no-audit --no-fund --no-save in ${clone()}`),
    ])
  })

  it('installs nothing the second time, and installs again when the lock file or the packages changed', async () => {
    await nikash()
    await nikash()
    expect(npmCalls()).toHaveLength(2)
    writeFileSync(clone('package-lock.json'), '{"changed":true}')
    await nikash()
    expect(npmCalls()).toHaveLength(3)
    rmSync(clone('node_modules'), { recursive: true })
    await nikash()
    expect(npmCalls()).toHaveLength(4)
  })

  it('fetches Node again when its file was cut off', async () => {
    await nikash()
    writeFileSync(clone('.nikash/node/node_modules/node/bin/node'), '#!/bin/sh\n')
    const ran = await nikash()
    expect(ran.stdout).toContain('ran: ')
    expect(npmCalls().filter((call) => call.includes('node@'))).toHaveLength(2)
  })

  it('can be called through a link from another folder', async () => {
    symlinkSync(clone('nikash'), join(bin, 'nikash'))
    const child = spawn('nikash', ['status'], {
      env: { PATH: bin, NPM_CALLS: join(root, 'calls') },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    await new Promise((done) => child.once('close', done))
    expect(stdout).toContain(clone('deploy/cli/main.ts'))
  })

  it('installs once when two calls start at the same time', async () => {
    const both = await Promise.all([nikash(['one'], { NPM_SLEEP: '1' }), nikash(['two'], { NPM_SLEEP: '1' })])
    expect(both.map((ran) => ran.code)).toEqual([0, 0])
    expect(npmCalls()).toHaveLength(2)
    expect(existsSync(clone('.nikash/install.lock'))).toBe(false)
  })

  it('takes over the lock of a call that is gone', async () => {
    mkdirSync(clone('.nikash/install.lock'), { recursive: true })
    writeFileSync(clone('.nikash/install.lock/pid'), '999999999')
    expect((await nikash()).code).toBe(0)
  })
})

describe('./nikash says what to do when', () => {
  it('there is no Node', async () => {
    rmSync(join(bin, 'node'))
    const ran = await nikash()
    expect(ran).toMatchObject({ code: 3, stdout: '' })
    expect(ran.stderr).toMatch(/Node\.js with npm is not on PATH[\s\S]*-> Install any Node\.js from 20 on/)
  })

  it('Node is too old', async () => {
    const ran = await nikash(['status'], { STUB_MAJOR: '16' })
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/is version 16; 20 or newer is needed/)
  })

  it('the disk is full', async () => {
    rmSync(join(bin, 'df'))
    executable(join(bin, 'df'), '#!/bin/sh\necho header\necho "/dev/x 100 90 1024 99% /"')
    const ran = await nikash()
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/Only 1 MB are free[\s\S]*Free some space/)
  })

  it('npm fails; the next call tries again', async () => {
    const failed = await nikash(['status'], { NPM_FAILS: '1' })
    expect(failed.code).toBe(3)
    expect(failed.stderr).toMatch(/npm error network[\s\S]*could not install Node[\s\S]*Check the network/)
    expect(existsSync(clone('.nikash/install.lock'))).toBe(false)
    expect((await nikash()).code).toBe(0)
  })
})
