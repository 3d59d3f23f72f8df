/** Cells, codecs, ids and timers of one task. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readCell } from '../../../processors/runtime/state/bytes.ts'
import { CellStore } from '../../../processors/runtime/state/cell-store.ts'
import type { CellName } from '../../../processors/runtime/state/state-store.ts'
import { jsonCodec } from '../../../processors/runtime/state/codec.ts'
import { IdSegments, SEGMENT_IDS_MAX, SEGMENT_MS } from '../../../processors/runtime/state/id-segments.ts'
import { TIMERS } from '../../../processors/runtime/state/task-state.ts'
import { UndoLog } from '../../../processors/runtime/state/undo.ts'
import { Timers } from '../../../processors/runtime/timers.ts'
import type { StoreSpec } from '../../../processors/runtime/topology.ts'

const SPEC: StoreSpec<{ readonly n: bigint }> = { name: 's', cells: 4, codec: jsonCodec() }
const bytesOf = (store: { canonical(): Buffer | null }): string => store.canonical()?.toString('hex') ?? ''

describe('a cell store', () => {
  it('encodes by content alone: the order of writes does not show', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 20 }),
        (keys) => {
          const [a, b] = [new CellStore(SPEC, new UndoLog()), new CellStore(SPEC, new UndoLog())]
          for (const key of keys) a.set(key, { n: BigInt(key.length) })
          for (const key of keys.toReversed()) {
            b.set(key, { n: 0n })
            b.set(`${key}!`, { n: 1n })
            b.set(key, { n: BigInt(key.length) })
            if (!keys.includes(`${key}!`)) b.delete(`${key}!`)
          }
          for (const key of keys) b.set(key, { n: BigInt(key.length) })
          expect(bytesOf(b)).toBe(bytesOf(a))
        },
      ),
    )
  })

  it('gives back after load what it held, key by key', () => {
    const a = new CellStore(SPEC, new UndoLog())
    for (let i = 0; i < 300; i++) a.set(`key-${i}-ট`, { n: BigInt(i) ** 9n })
    const b = new CellStore(SPEC, new UndoLog())
    for (const cell of a.freeze()) {
      const bytes = cell.encode()
      if (bytes) b.load(cell, bytes, 1, false)
    }
    expect([b.size, b.dirtyCells]).toEqual([300, 0])
    expect(b.get('key-299-ট')).toEqual({ n: 299n ** 9n })
    expect(bytesOf(b)).toBe(bytesOf(a))
    expect([b.size, b.dirtyCells]).toEqual([300, 0])
  })

  it('leaves a loaded cell as bytes until it is touched', () => {
    let decoded = 0
    const spec = {
      ...SPEC,
      codec: {
        ...SPEC.codec,
        decode: (bytes: Buffer, version: number) => {
          decoded++
          return SPEC.codec.decode(bytes, version)
        },
      },
    }
    const a = new CellStore(SPEC, new UndoLog())
    for (let i = 0; i < 80; i++) a.set(`key-${i}`, { n: BigInt(i) })
    const b = new CellStore(spec, new UndoLog())
    for (const cell of a.freeze()) b.load(cell, cell.encode() as Buffer, 1, false)
    decoded = 0
    expect([b.get('key-7'), b.get('key-7'), b.size]).toEqual([{ n: 7n }, { n: 7n }, 80])
    expect(decoded).toBeGreaterThan(0)
    expect(decoded).toBeLessThan(40)
  })

  it('says that a cell cannot be read, and does not take it for an empty one', () => {
    const a = new CellStore(SPEC, new UndoLog())
    a.set('a', { n: 1n })
    const [cell] = a.freeze()
    const bytes = cell?.encode() as Buffer
    const decode = (): never => {
      throw new Error('written by a newer codec')
    }
    const b = new CellStore({ ...SPEC, codec: { ...SPEC.codec, decode } }, new UndoLog())
    b.load(cell as CellName, bytes, 1, false)
    for (let tries = 0; tries < 2; tries++)
      expect(() => b.get('a')).toThrow('cannot be read (written by a newer codec)')
    expect([b.size, b.dirtyCells]).toEqual([1, 0])
  })

  it('gives every checkpoint what its cut held, whatever is set, deleted and undone before it is written', () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const step = fc.record({ key: keys, n: fc.option(fc.nat(9), { nil: undefined }), undo: fc.boolean() })
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 5 }), (rounds) => {
        const undo = new UndoLog()
        const store = new CellStore({ ...SPEC, cells: 2 }, undo)
        const written = new Map<number, { readonly name: CellName; readonly bytes: Buffer }>()
        for (const round of rounds) {
          const frozen = store.freeze()
          const atCut = bytesOf(store)
          for (const { key, n, undo: back } of round) {
            if (n === undefined) store.delete(key)
            else store.set(key, { n: BigInt(n) })
            if (back) undo.rollback()
            else undo.forget()
          }
          for (const cell of frozen) {
            const bytes = cell.encode()
            if (bytes === null) written.delete(cell.index)
            else written.set(cell.index, { name: cell, bytes })
          }
          const copy = new CellStore({ ...SPEC, cells: 2 }, new UndoLog())
          for (const { name, bytes } of written.values()) copy.load(name, bytes, 1, false)
          expect(bytesOf(copy)).toBe(atCut)
        }
      }),
    )
  })

  it('keeps a frozen cell as it stood at the cut while the live one goes on', () => {
    const store = new CellStore(SPEC, new UndoLog())
    store.set('a', { n: 1n })
    const before = bytesOf(store)
    const frozen = store.freeze()
    expect(frozen).toHaveLength(1)
    expect(store.dirtyCells).toBe(0)
    store.set('a', { n: 2n })
    store.delete('a')
    store.set('b', { n: 3n })
    expect(frozen[0]?.encode()?.toString('hex')).toBe(before)
    expect(store.dirtyCells).toBeGreaterThan(0)
  })

  /** What the topic holds after a checkpoint, by cell name. */
  type Topic = Map<string, { readonly name: CellName; readonly bytes: Buffer }>
  const nameOf = ({ count, index }: CellName): string => `${count}|${index}`
  const checkpoint = (store: CellStore<{ readonly n: bigint }>, topic: Topic): number => {
    for (const gone of store.takeSplit()) topic.delete(nameOf(gone))
    const frozen = store.freeze()
    for (const cell of frozen) {
      const bytes = cell.encode()
      if (bytes === null) topic.delete(nameOf(cell))
      else topic.set(nameOf(cell), { name: cell, bytes })
    }
    return frozen.length
  }
  const restored = (topic: Topic, cells: number): CellStore<{ readonly n: bigint }> => {
    const store = new CellStore({ ...SPEC, cells }, new UndoLog())
    for (const { name, bytes } of topic.values()) store.load(name, bytes, 1, false)
    return store
  }

  it('splits the cells that have grown too big, one by one, up to those of its spec, and is the same store', () => {
    const grown = new CellStore({ ...SPEC, cells: 64 }, new UndoLog())
    const fixed = new CellStore({ ...SPEC, cells: 1 }, new UndoLog())
    const topic: Topic = new Map()
    for (let i = 0; i < 20_000; i++) {
      for (const store of [grown, fixed]) store.set(`a-key-${i}-which-is-long`, { n: BigInt(i) })
      if (i % 3_000 === 0) checkpoint(grown, topic)
    }
    checkpoint(grown, topic)
    checkpoint(grown, topic)
    expect([grown.cells > 8, grown.cells <= 64, fixed.cells]).toEqual([true, true, 1])
    expect(grown.get('a-key-19999-which-is-long')).toEqual({ n: 19_999n })
    expect(bytesOf(grown)).toBe(bytesOf(fixed))
    grown.set('a-key-1-which-is-long', { n: 0n })
    fixed.set('a-key-1-which-is-long', { n: 0n })
    expect([checkpoint(grown, topic), checkpoint(grown, topic), grown.size]).toEqual([1, 0, 20_000])
    // The same layout, fewer cells, more cells.
    for (const cells of [64, 4, 256]) {
      const copy = restored(topic, cells)
      expect([copy.size, copy.get('a-key-7-which-is-long')]).toEqual([20_000, { n: 7n }])
      expect(bytesOf(copy)).toBe(bytesOf(fixed))
    }
    expect([restored(topic, 64).dirtyCells, restored(topic, 4).dirtyCells]).toEqual([0, 4])
  })

  it('is restored from any checkpoint, however its cells were split and emptied before', () => {
    const seeds = fc.integer({ min: 1, max: 2 ** 30 })
    fc.assert(
      fc.property(seeds, fc.array(fc.nat(1_500), { minLength: 1, maxLength: 3 }), (seed, rounds) => {
        let state = seed
        const random = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n
        const store = new CellStore({ ...SPEC, cells: 32 }, new UndoLog())
        const topic: Topic = new Map()
        for (const changes of rounds) {
          for (let i = 0; i < changes; i++) {
            const key = `${random(40)}|${'x'.repeat(random(200))}`
            if (random(3) === 0) store.delete(key)
            else store.set(key, { n: BigInt(random(9)) })
          }
          checkpoint(store, topic)
          const pending = store.takeSplit()
          expect(bytesOf(restored(topic, 32))).toBe(bytesOf(store))
          // A checkpoint that was begun and given up: its splits are tombstoned by the next.
          for (const gone of pending) topic.delete(nameOf(gone))
          for (const cell of pending.length > 0 ? [] : store.freeze()) store.markDirty(cell)
          if (pending.length > 0) checkpoint(store, topic)
          expect(bytesOf(restored(topic, 32))).toBe(bytesOf(store))
        }
      }),
      { numRuns: 12 },
    )
  })

  it('makes a cell that was emptied a tombstone', () => {
    const store = new CellStore(SPEC, new UndoLog())
    store.set('a', { n: 1n })
    store.freeze()
    store.delete('a')
    expect(store.freeze().map((cell) => cell.encode())).toEqual([null])
  })

  it('takes back any changes, in any order', () => {
    const change = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.bigInt({ min: 0n, max: 9n })))
    fc.assert(
      fc.property(fc.array(change), fc.array(change), (kept, undone) => {
        const undo = new UndoLog()
        const store = new CellStore(SPEC, undo)
        const apply = ([key, n]: [string, bigint | null]): void =>
          n === null ? store.delete(key) : store.set(key, { n })
        kept.forEach(apply)
        undo.forget()
        const before = [bytesOf(store), store.size]
        undone.forEach(apply)
        undo.rollback()
        expect([bytesOf(store), store.size]).toEqual(before)
      }),
    )
  })

  it('refuses undefined, which would look like nothing', () => {
    expect(() => new CellStore(SPEC, new UndoLog()).set('a', undefined as never)).toThrow(TypeError)
  })
})

describe('the JSON codec', () => {
  const codec = jsonCodec<unknown>()
  it('carries bigint, strings that look like one, and nested values', () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.constantFrom('~', '~~', '~1', ''),
        fc.bigInt(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('value'),
          { noNullPrototype: true },
        ),
      ),
    })).value
    fc.assert(
      fc.property(json, (value) => expect(codec.decode(Buffer.from(codec.encode(value)), 1)).toEqual(value)),
    )
  })

  it('gives equal bytes for equal values, however their fields were written', () => {
    expect(codec.encode({ b: 1n, a: [1, { d: 2, c: 3 }] })).toEqual(
      codec.encode({ a: [1, { c: 3, d: 2 }], b: 1n }),
    )
    expect(codec.encode({ a: 1, gone: undefined })).toEqual(codec.encode({ a: 1 }))
  })

  it.each([[undefined], [[undefined]], [Number.NaN], [-0], [new Date(0)], [new Map()], [() => 1]])(
    'refuses %p, which JSON would change in silence',
    (value) => expect(() => codec.encode(value)).toThrow(TypeError),
  )

  it('upgrades what an older version wrote, or says that it cannot', () => {
    const next = jsonCodec<{ n: bigint }>({ version: 2, upgrade: (value) => ({ n: value as bigint }) })
    expect(next.decode(Buffer.from(codec.encode(7n)), 1)).toEqual({ n: 7n })
    expect(() => jsonCodec({ version: 2 }).decode(Buffer.from(codec.encode(7n)), 1)).toThrow('upgrade')
  })
})

/** As a task does: asked, then remembered. */
function remember(ids: IdSegments, tenant: string, id: string, logTime: number): void {
  expect(ids.has(tenant, id)).toBe(false)
  ids.addAsked(logTime)
}

describe('ids of events without version', () => {
  it('are forgotten by whole segments once log time has left them behind, and that moment is kept', () => {
    const ids = new IdSegments(new UndoLog(), 10 * SEGMENT_MS)
    remember(ids, 't', 'a', 0)
    remember(ids, 't', 'b', SEGMENT_MS)
    ids.evict(10 * SEGMENT_MS)
    expect([ids.has('t', 'a'), ids.forgottenBefore]).toEqual([true, Number.NEGATIVE_INFINITY])
    ids.evict(10 * SEGMENT_MS + 1)
    expect([ids.has('t', 'a'), ids.has('t', 'b'), ids.forgottenBefore]).toEqual([false, true, 1])
  })

  it('write only the segments that changed, and tombstones for those that are gone', () => {
    const ids = new IdSegments(new UndoLog(), 10 * SEGMENT_MS)
    for (let i = 0; i < SEGMENT_IDS_MAX + 1; i++) remember(ids, 't', `id-${i}`, 5)
    expect(ids.freeze().map(({ index }) => index)).toEqual([0, 1])
    remember(ids, 't', 'more', 6)
    const [cell, ...none] = ids.freeze()
    remember(ids, 't', 'after the cut', 7)
    expect([cell?.index, none.length]).toEqual([1, 0])
    expect(cell?.encode()?.includes('after the cut')).toBe(false)
    ids.evict(100 * SEGMENT_MS)
    expect(ids.freeze().map((one) => [one.index, one.encode()])).toEqual([
      [0, null],
      [1, null],
    ])
  })

  it('are known, undone and forgotten as in a list that is searched from end to end', () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'ট-1', 'x'.repeat(300), '|', 'a|'),
      tenant: fc.constantFrom('t', 't|a', 'চা'),
      ms: fc.nat(SEGMENT_MS),
      undo: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const undo = new UndoLog()
        const ids = new IdSegments(undo, 3 * SEGMENT_MS)
        let now = 0
        const known = new Set<string>()
        for (const { id, tenant, ms, undo: back } of steps) {
          now += ms
          ids.evict(now)
          const kept = new Set([...ids.entries()].map(({ key }) => key))
          for (const key of known) if (!kept.has(key)) known.delete(key)
          const key = `${tenant}|${id}`
          expect(ids.has(tenant, id)).toBe(known.has(key))
          if (known.has(key)) continue
          ids.addAsked(now)
          if (back) undo.rollback()
          else known.add(key)
          undo.forget()
          expect([ids.has(tenant, id), ids.size]).toEqual([!back, known.size])
        }
        expect(new Set([...ids.entries()].map(({ key }) => key))).toEqual(known)
      }),
    )
  })

  it('are the same by their text and by the bytes of a record, and bytes that are no text by their text', () => {
    const ids = new IdSegments(new UndoLog())
    const hasIn = (bytes: Buffer): boolean =>
      ids.hasIn('t', Buffer.concat([Buffer.from('<'), bytes, Buffer.from('>')]), 1, 1 + bytes.length)
    for (const id of ['ev-1', 'ট-1', '']) {
      expect([hasIn(Buffer.from(id)), ids.has('t', id)]).toEqual([false, false])
      ids.addAsked(1)
      expect([hasIn(Buffer.from(id)), ids.has('t', id), ids.has('u', id)]).toEqual([true, true, false])
    }
    expect(hasIn(Buffer.from([0xff, 0x61]))).toBe(false)
    ids.addAsked(1)
    expect([ids.has('t', '\ufffda'), hasIn(Buffer.from([0xfe, 0x61]))]).toEqual([true, true])
  })

  it('are written as a cell of their keys, whatever their length', () => {
    const ids = new IdSegments(new UndoLog())
    const written = ['a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(20_000), 'ট']
    for (const id of written) remember(ids, 't', id, 7)
    const keys: [string, string][] = []
    readCell(ids.canonical(), (key, value) => keys.push([key, value.toString()]))
    expect(keys).toEqual([['', '[7,7]'], ...written.map((id) => [`t|${id}`, ''])])
    expect([...ids.entries()].map(({ key }) => key)).toEqual(written.map((id) => `t|${id}`))
  })

  it('are found among many, and only they, while segments come and go', () => {
    const undo = new UndoLog()
    const ids = new IdSegments(undo, 10)
    for (let i = 0; i < 40_000; i++) {
      ids.evict(i / 1_000)
      remember(ids, `t${i % 7}`, `ev-${i.toString(16)}`, Math.floor(i / 1_000))
      undo.forget()
    }
    const first = 40_000 - ids.size
    expect([first > 20_000, first < 30_000]).toEqual([true, true])
    const known = (i: number) => ids.has(`t${i % 7}`, `ev-${i.toString(16)}`)
    for (let i = 0; i < 41_000; i += 13) expect([i, known(i)]).toEqual([i, i >= first && i < 40_000])
  })

  it('come back from their segments, in any order, and undo leaves no trace', () => {
    const undo = new UndoLog()
    const ids = new IdSegments(undo)
    for (let i = 0; i < 2_500; i++) remember(ids, 't', `id-${i}`, i)
    undo.forget()
    const before = bytesOf(ids)
    remember(ids, 't', 'x', 9_999_999_999)
    remember(ids, 't', 'y', 9_999_999_999)
    undo.rollback()
    expect([bytesOf(ids), ids.has('t', 'x'), ids.has('t', 'id-2499')]).toEqual([before, false, true])
    const other = new IdSegments(new UndoLog())
    for (const cell of ids.freeze().toReversed()) other.load(cell.index, cell.encode() ?? Buffer.alloc(0))
    other.settle(ids.forgottenBefore, ids.nextSequence)
    expect([bytesOf(other), other.size]).toEqual([before, 2_500])
  })
})

describe('timers', () => {
  const make = () => {
    const undo = new UndoLog()
    const timers = new Timers(new CellStore(TIMERS, undo))
    const due = (upTo: number): string[] => {
      const fired: string[] = []
      timers.begin()
      for (let one = timers.take(upTo); one; one = timers.take(upTo)) fired.push(`${one.atMs}:${one.name}`)
      return fired
    }
    return { undo, timers, due }
  }

  it('fire in order of time and name, the last setting counts, a cleared one does not fire', () => {
    const { timers, due } = make()
    timers.set('t', 'b', 5)
    timers.set('t', 'a', 5)
    timers.set('t', 'late', 9)
    timers.set('t', 'moved', 1)
    timers.set('t', 'moved', 7)
    timers.set('t', 'gone', 2)
    timers.clear('t', 'gone')
    expect(due(8)).toEqual(['5:a', '5:b', '7:moved'])
    expect([due(8), timers.size]).toEqual([[], 1])
  })

  it('stand as before when what an event did to them is undone', () => {
    const { timers, due, undo } = make()
    timers.set('t', 'a', 5)
    undo.forget()
    timers.set('t', 'a', 50)
    timers.clear('t', 'a')
    timers.set('t', 'b', 1)
    undo.rollback()
    expect(due(100)).toEqual(['5:a'])
  })

  it('are cut off when they set themselves again and again for the same instant', () => {
    const { timers } = make()
    timers.set('t', 'a', 5)
    timers.begin()
    expect(() => {
      while (timers.take(5)) timers.set('t', 'a', 5)
    }).toThrow('keep setting themselves')
  })

  it('stay few in memory when one is moved again and again', () => {
    const { timers, due } = make()
    for (let i = 1; i <= 50_000; i++) timers.set('t', 'a', i)
    expect(due(50_000)).toEqual(['50000:a'])
  })
})
