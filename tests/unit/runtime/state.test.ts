/** Cells, codecs, ids and timers of one task. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { CellStore } from '../../../processors/runtime/state/cell-store.ts'
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
    for (const cell of a.freeze()) b.load(cell.encode() ?? Buffer.alloc(0), 1, false)
    expect(bytesOf(b)).toBe(bytesOf(a))
    expect(b.get('key-299-ট')).toEqual({ n: 299n ** 9n })
    expect([b.size, b.dirtyCells]).toEqual([300, 0])
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

  it('gets more cells as it grows, up to those of its spec, and is the same store', () => {
    const grown = new CellStore({ ...SPEC, cells: 64 }, new UndoLog())
    const fixed = new CellStore({ ...SPEC, cells: 1 }, new UndoLog())
    for (let i = 0; i < 20_000; i++)
      for (const store of [grown, fixed]) store.set(`a-key-${i}`, { n: BigInt(i) })
    const before = [grown.cells, fixed.cells]
    grown.adapt()
    fixed.adapt()
    expect([before, grown.cells, fixed.cells]).toEqual([[8, 1], 64, 1])
    expect(grown.get('a-key-19999')).toEqual({ n: 19_999n })
    expect(grown.freeze()).toHaveLength(64)
    expect(bytesOf(grown)).toBe(bytesOf(fixed))
    grown.set('a-key-1', { n: 0n })
    expect([grown.freeze().length, grown.size]).toEqual([1, 20_000])
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
    fc.assert(fc.property(json, (value) => expect(codec.decode(codec.encode(value), 1)).toEqual(value)))
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
    expect(next.decode(codec.encode(7n), 1)).toEqual({ n: 7n })
    expect(() => jsonCodec({ version: 2 }).decode(codec.encode(7n), 1)).toThrow('upgrade')
  })
})

describe('ids of events without version', () => {
  it('are forgotten by whole segments once log time has left them behind, and that moment is kept', () => {
    const ids = new IdSegments(new UndoLog(), 10 * SEGMENT_MS)
    ids.add('a', 0)
    ids.add('b', SEGMENT_MS)
    ids.evict(10 * SEGMENT_MS)
    expect([ids.has('a'), ids.forgottenBefore]).toEqual([true, Number.NEGATIVE_INFINITY])
    ids.evict(10 * SEGMENT_MS + 1)
    expect([ids.has('a'), ids.has('b'), ids.forgottenBefore]).toEqual([false, true, 1])
  })

  it('write only the segments that changed, and tombstones for those that are gone', () => {
    const ids = new IdSegments(new UndoLog(), 10 * SEGMENT_MS)
    for (let i = 0; i < SEGMENT_IDS_MAX + 1; i++) ids.add(`id-${i}`, 5)
    expect(ids.freeze().map(({ index }) => index)).toEqual([0, 1])
    ids.add('more', 6)
    const [cell, ...none] = ids.freeze()
    ids.add('after the cut', 7)
    expect([cell?.index, none.length]).toEqual([1, 0])
    expect(cell?.encode()?.includes('after the cut')).toBe(false)
    ids.evict(100 * SEGMENT_MS)
    expect(ids.freeze().map((one) => [one.index, one.encode()])).toEqual([
      [0, null],
      [1, null],
    ])
  })

  it('come back from their segments, in any order, and undo leaves no trace', () => {
    const undo = new UndoLog()
    const ids = new IdSegments(undo)
    for (let i = 0; i < 2_500; i++) ids.add(`id-${i}`, i)
    undo.forget()
    const before = bytesOf(ids)
    ids.add('x', 9_999_999_999)
    ids.add('y', 9_999_999_999)
    undo.rollback()
    expect([bytesOf(ids), ids.has('x'), ids.has('id-2499')]).toEqual([before, false, true])
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
