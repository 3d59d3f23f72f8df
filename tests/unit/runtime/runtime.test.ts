/** The small parts of the engine: life of a task, names of commits, failpoints, options, errors, description. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { commitName, ownerOf } from '../../../processors/runtime/commit-name.ts'
import { describeTopologies } from '../../../processors/runtime/describe.ts'
import { RUNTIME_ERROR_CODES } from '../../../processors/runtime/errors.ts'
import { parseFailpoint } from '../../../processors/runtime/failpoints.ts'
import { checkOptions, DEFAULTS } from '../../../processors/runtime/options.ts'
import { jsonCodec } from '../../../processors/runtime/state/codec.ts'
import { TaskState } from '../../../processors/runtime/state/task-state.ts'
import { STEPS } from '../../../processors/runtime/steps.ts'
import { LEGAL_MOVES, TaskLife, type TaskState as Life } from '../../../processors/runtime/task-life.ts'
import { runtimeTopics } from '../../../processors/runtime/topics.ts'
import type { StoreSpec, Topology } from '../../../processors/runtime/topology.ts'

const README = readFileSync(new URL('../../../processors/runtime/README.md', import.meta.url), 'utf8')
const store = (name: string, cells = 4): StoreSpec<unknown> => ({ name, cells, codec: jsonCodec<unknown>() })
const topology = (name: string, ...stores: StoreSpec<unknown>[]): Topology => ({
  name,
  version: 3,
  stores,
  onEvent() {},
  onTimer() {},
  render: () => [],
  orderFree: new Set(['B', 'A']),
})

describe('the life of a task', () => {
  it('allows the moves of the table and throws at every other', () => {
    const states = Object.keys(LEGAL_MOVES) as Life[]
    const ways: Readonly<Record<Life, readonly Life[]>> = {
      created: [],
      restoring: ['restoring'],
      running: ['restoring', 'running'],
      suspended: ['restoring', 'running', 'suspended'],
      failed: ['restoring', 'failed'],
      closed: ['closed'],
    }
    for (const from of states) {
      for (const to of states) {
        const life = new TaskLife('task 1')
        for (const step of ways[from]) life.move(step)
        if (LEGAL_MOVES[from].includes(to)) expect(() => life.move(to)).not.toThrow()
        else expect(() => life.move(to)).toThrow(`task 1: ${from} -> ${to}`)
      }
    }
  })
})

describe('the name of a commit', () => {
  it('tells its owner, whatever the id holds, and nothing of foreign metadata', () => {
    expect(ownerOf(commitName('group:with:colons-1', '0a1b', 7))).toBe('group:with:colons-1')
    expect(ownerOf('nikash:1:7:of an older version')).toBe('of an older version')
    expect(commitName('a', '0a1b', 1)).not.toBe(commitName('a', '0a1b', 2))
    expect(commitName('a', '0a1b', 1)).not.toBe(commitName('a', '0a1c', 1))
    for (const foreign of ['', 'x', 'nikash:2:1:a', 'nikash:1:x:a']) expect(ownerOf(foreign)).toBeUndefined()
  })
})

describe('a failpoint', () => {
  it('fires once, when its step is done for the n-th time', () => {
    let kills = 0
    const hit = parseFailpoint('produced:2', () => kills++)
    for (const step of [...STEPS, ...STEPS, ...STEPS]) void hit(step)
    expect(kills).toBe(1)
  })

  it.each(['', 'nowhere', 'produced:0', 'produced:1:2', 'produced:x'])(
    'refuses %p and names the steps',
    (text) => {
      expect(() => parseFailpoint(text, () => {})).toThrow(
        'cut, begun, produced, offsets, committed, confirmed',
      )
    },
  )
})

describe('options', () => {
  const options = { ...DEFAULTS, groupId: 'g', transactionalId: 't', topics: runtimeTopics() }
  it('keep a transaction shorter than a session, and short', () => {
    expect(checkOptions(options)).toBe(options)
    expect(() => checkOptions({ ...options, transactionTimeoutMs: 6_001 })).toThrow('above 6000')
    expect(() => checkOptions({ ...options, sessionTimeoutMs: 5_000 })).toThrow('below sessionTimeoutMs')
  })
})

describe('the stores of a task', () => {
  it('are written by their owner, read by later topologies, and unknown to earlier ones', () => {
    const state = new TaskState([topology('first', store('a')), topology('second', store('b'))])
    state.view(0, 'first', 'a').set('k', 1)
    expect(state.view(1, 'second', 'a').get('k')).toBe(1)
    expect(() => state.view(1, 'second', 'a').set('k', 2)).toThrow('which another one owns')
    expect(() => state.view(1, 'second', 'a').delete('k')).toThrow('which another one owns')
    expect(() => state.view(0, 'first', 'b')).toThrow('later topology')
    expect(() => state.view(0, 'first', 'c')).toThrow('no topology declares it')
  })

  it.each([
    ['a name of the engine', [topology('x', store('$timers'))]],
    ['a name that is taken', [topology('x', store('a')), topology('y', store('a'))]],
    ['no cells', [topology('x', store('a', 0))]],
  ])('are refused with %s', (_, topologies) => {
    expect(() => new TaskState(topologies)).toThrow('of topology')
  })
})

describe('describe', () => {
  const topologies = [topology('aging', store('books', 16))]
  it('prints topologies with stores, cells and sizes', () => {
    expect(describeTopologies(topologies, { sizes: new Map([['books', { entries: 2, bytes: 2048 }]]) })).toBe(
      'aging v3\n  timers: yes\n  order-free: A, B\n  store books: 16 cells, codec v1, 2 entries, 2.0 KiB',
    )
  })

  it('draws them', () => {
    const text = describeTopologies(topologies, {
      format: 'mermaid',
      topics: { events: 'in.v1', results: 'out.v1' },
    })
    expect(text.split('\n')).toEqual([
      'flowchart LR',
      '  in[/"in.v1"/]',
      '  out[/"out.v1"/]',
      '  t_aging["aging v3"]',
      '  in --> t_aging',
      '  t_aging --> out',
      '  s_books[("books<br/>16 cells")]',
      '  t_aging <--> s_books',
    ])
  })
})

describe('the README of the engine', () => {
  it('names every step, every state and every error', () => {
    for (const name of [...STEPS, ...Object.keys(LEGAL_MOVES), ...RUNTIME_ERROR_CODES])
      expect(README).toContain(`\`${name}\``)
  })
})
