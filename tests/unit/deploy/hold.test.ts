/** Holding a part: the wish counts while its process lives, and no longer. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { dropOrphanedWish, heldParts, readWish, whileHeld } from '../../../deploy/local/hold.ts'
import { layoutOf, type DataLayout } from '../../../deploy/local/paths.ts'
import { identityOf } from '../../../deploy/local/processes.ts'
import { type StackState, writeState } from '../../../deploy/local/state.ts'

/** Does what the real one does at SIGHUP, and writes down what it was. */
const SUPERVISOR = `
const fs = require('node:fs'), root = process.argv[1]
process.on('SIGHUP', () => {
  const held = fs.existsSync(root + '/hold.json')
  const state = JSON.parse(fs.readFileSync(root + '/state.json', 'utf8'))
  Object.assign(state.parts[0], { status: held ? 'stopped' : 'healthy', pid: held ? null : 2 })
  fs.writeFileSync(root + '/state.new', JSON.stringify(state))
  // Whoever sees the part stopped begins at once: that it stops is written down before, that it starts after.
  if (held) fs.appendFileSync(root + '/seen', 'stop\\n')
  fs.renameSync(root + '/state.new', root + '/state.json')
  if (!held) fs.appendFileSync(root + '/seen', 'start\\n')
})
setInterval(() => {}, 1000)
console.log('ready')`

const until = async (file: string, lines: number): Promise<string[]> => {
  for (let tries = 0; tries < 200; tries++) {
    const seen = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    if (seen.length >= lines) return seen
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${file} did not get ${lines} lines`)
}

describe('a part that a command holds', () => {
  let layout: DataLayout
  beforeEach(() => {
    layout = layoutOf(mkdtempSync(path.join(tmpdir(), 'nikash-hold-')))
  })
  afterEach(() => rmSync(layout.root, { recursive: true, force: true }))

  const own = () => identityOf(process.pid) ?? { pid: 0, startTime: '' }
  const state = (status: 'healthy' | 'stopped', pid: number | null, supervisor = own()) =>
    writeState(layout.state, {
      stack: layout.root,
      supervisor,
      phase: 'up',
      startedAt: new Date(0).toISOString(),
      portBase: 3000,
      demo: false,
      speed: 1,
      canarySeconds: 0,
      error: null,
      parts: [
        {
          name: 'processors',
          kind: 'service',
          status,
          version: '',
          pid,
          startTime: null,
          startedAt: null,
          restarts: 0,
          ports: {},
          log: '',
          detail: '',
          stopSignal: 'SIGTERM',
        },
      ],
    } satisfies StackState)

  it('is stopped before the work begins, and let go after it, also when it fails', async () => {
    const seen = path.join(layout.root, 'seen')
    const say = (line: string) => appendFileSync(seen, `${line}\n`)
    const supervisor = spawn(process.execPath, ['-e', SUPERVISOR, layout.root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(supervisor.stdout, 'data')
    try {
      state('healthy', 1, identityOf(supervisor.pid ?? 0))
      const result = await whileHeld(layout, 'processors', () => {
        say('work')
        return Promise.resolve(7)
      })
      expect(result).toBe(7)
      // The wish of the next one must not reach the supervisor together with the end of this one.
      await until(seen, 3)
      const failing = whileHeld(layout, 'processors', () => Promise.reject(new Error('the work failed')))
      await expect(failing).rejects.toThrow('the work failed')
      expect(await until(seen, 5)).toEqual(['stop', 'work', 'start', 'stop', 'start'])
      expect(readWish(layout)).toBeUndefined()
    } finally {
      supervisor.kill('SIGKILL')
    }
  })

  it('is not held by two at once', async () => {
    state('healthy', 1)
    writeFileSync(
      path.join(layout.root, 'hold.json'),
      JSON.stringify({ parts: ['processors'], holder: own() }),
    )
    await expect(whileHeld(layout, 'processors', () => Promise.resolve())).rejects.toMatchObject({
      code: 'PART_HELD',
    })
  })

  it('is free again when the command was killed', () => {
    const holder = { ...own(), startTime: 'long ago' }
    writeFileSync(path.join(layout.root, 'hold.json'), JSON.stringify({ parts: ['processors'], holder }))
    expect([...heldParts(layout)]).toEqual([])
    expect([dropOrphanedWish(layout), dropOrphanedWish(layout)]).toEqual([true, false])
  })
})
