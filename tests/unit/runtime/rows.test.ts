/** Stores of rows: keys, undo, checkpoints and cells, against a plain map and against the store of values. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { CellStore } from '../../../processors/runtime/state/cell-store.ts'
import { RowCell } from '../../../processors/runtime/state/row-cell.ts'
import { KeyBytes } from '../../../processors/runtime/state/key-bytes.ts'
import { RowStore } from '../../../processors/runtime/state/row-store.ts'
import { rowCodec } from '../../../processors/runtime/state/row-codec.ts'
import type { CellName } from '../../../processors/runtime/state/state-store.ts'
import { TaskState } from '../../../processors/runtime/state/task-state.ts'
import { UndoLog } from '../../../processors/runtime/state/undo.ts'
import { rowsSpec, type Topology } from '../../../processors/runtime/topology.ts'

const SPEC = rowsSpec({ name: 'r', cells: 64, columns: 2 })
const made = (cells = 64, undo = new UndoLog()): RowStore => new RowStore({ ...SPEC, cells }, undo)
const hex = (store: { canonical(): Buffer | null }): string => store.canonical()?.toString('hex') ?? ''

/** What the topic holds after a checkpoint, by cell name. */
type Topic = Map<string, { readonly name: CellName; readonly bytes: Buffer }>
const nameOf = ({ count, index }: CellName): string => `${count}|${index}`
function write(store: RowStore, topic: Topic, frozen = store.freeze()): void {
  for (const cell of frozen) {
    const bytes = cell.encode()
    if (bytes === null) topic.delete(nameOf(cell))
    else topic.set(nameOf(cell), { name: cell, bytes })
  }
  for (const gone of store.takeSplit()) topic.delete(nameOf(gone))
}
function loaded(topic: Topic, cells = 64): RowStore {
  const store = made(cells)
  for (const { name, bytes } of topic.values()) store.load(name, bytes, 1, false)
  return store
}

const tenants = fc.constantFrom('a', 'acme', 'আকাশ', 't'.repeat(300))
const ids = fc.oneof(
  fc.constantFrom('', 'x', 'inv-1', 'ট', 'y'.repeat(90)),
  fc.nat(20),
  fc.constant(undefined),
)
const whole = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.maxSafeInteger().map((n) => Math.trunc(n / 2)),
)
const write1 = fc.record({ tenant: tenants, id: ids, column: fc.nat(1), value: fc.option(whole) })
const event = fc.record({ writes: fc.array(write1, { maxLength: 6 }), fails: fc.boolean() })

const keyOf = (tenant: string, id: string | number | undefined): string =>
  id === undefined ? tenant : `${tenant}|${id}`

describe('a store of rows', () => {
  it('holds what a map holds, event by event, through undo, checkpoints and restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.array(event, { maxLength: 8 }), { maxLength: 6 }), (rounds) => {
        const undo = new UndoLog()
        const store = made(8, undo)
        const topic: Topic = new Map()
        let model = new Map<string, number[]>()
        for (const events of rounds) {
          const frozen = store.freeze()
          const atCut = hex(store)
          for (const { writes, fails } of events) {
            const before = new Map([...model].map(([key, row]) => [key, [...row]]))
            const bytes = fails ? hex(store) : ''
            for (const { tenant, id, column, value } of writes) {
              const key = keyOf(tenant, id)
              if (value === null) {
                store.find(tenant, id)?.remove()
                model.delete(key)
                continue
              }
              store.open(tenant, id).set(column, value)
              const row = model.get(key) ?? [0, 0]
              row[column] = value === 0 ? 0 : value
              model.set(key, row)
            }
            if (fails) {
              undo.rollback()
              model = before
              expect(hex(store)).toBe(bytes)
            } else undo.forget()
          }
          write(store, topic, frozen)
          expect(hex(loaded(topic, 8))).toBe(atCut)
        }
        expect(new Map(store.entries())).toEqual(model)
        expect(store.size).toBe(model.size)
      }),
      { numRuns: 300 },
    )
  })

  it('writes the bytes that a store of values with the same keys writes, in cells of the same names', () => {
    const values = new CellStore({ ...SPEC }, new UndoLog())
    const rows = made()
    for (let i = 0; i < 300; i++) {
      values.set(`t-${i % 7}|inv-${i}`, [i * 1e12, -i])
      const row = rows.open(`t-${i % 7}`, `inv-${i}`)
      row.set(0, i * 1e12)
      row.set(1, -i)
    }
    const cells = (store: { freeze(): readonly (CellName & { encode(): Buffer | null })[] }) =>
      new Map(store.freeze().map((cell) => [nameOf(cell), cell.encode()?.toString('hex')]))
    expect(hex(rows)).toBe(hex(values))
    expect(cells(rows)).toEqual(cells(values))
  })

  it('finds a number by its digits, and the whole key as text', () => {
    const store = made()
    store.open('acme', 1_250).set(1, 7)
    expect(store.get('acme|1250')).toEqual([0, 7])
    expect(store.find('acme', '1250')?.get(1)).toBe(7)
    for (const odd of [-1, 1.5, 1e15]) {
      store.open('acme', odd).set(0, 1)
      expect(store.get(`acme|${odd}`)).toEqual([1, 0])
    }
    expect(store.find('acme', 125)).toBeUndefined()
    expect(store.find('acme')).toBeUndefined()
  })

  it('splits cells that grew while they are written, and a restart finds all rows again', () => {
    const store = made(64)
    const topic: Topic = new Map()
    for (let i = 0; i < 30_000; i++) store.open(`tenant-${i % 50}`, `invoice-${i}`).set(0, i)
    write(store, topic)
    write(store, topic)
    expect(store.cells).toBeGreaterThan(8)
    expect(Math.max(...[...topic.values()].map(({ bytes }) => bytes.length))).toBeLessThan(128 * 1024)
    const again = loaded(topic)
    expect([again.size, again.dirtyCells]).toEqual([30_000, 0])
    expect(again.find('tenant-7', 'invoice-29957')?.get(0)).toBe(29_957)
    expect(hex(again)).toBe(hex(store))
  })

  it('has one slot in the index for a record, also for the one with which the index grows', () => {
    const cell = new RowCell(1)
    const key = new KeyBytes()
    for (let i = 0; i < 500; i++) {
      key.ask('t', i)
      cell.insert(key, false)
      key.ask('t', i)
      const slots = Array.from(cell.slots).filter((place, at) => at % 2 === 1 && place !== 0)
      expect([i, slots.length]).toEqual([i, cell.size])
    }
    for (let i = 499; i >= 0; i--) {
      key.ask('t', i)
      cell.uninsert(cell.find(key))
      expect([i, cell.find(key)]).toEqual([i, 0])
    }
  })

  it('uses the memory of removed rows again', () => {
    const cell = new RowCell(2)
    const key = new KeyBytes()
    const places: number[] = []
    for (let i = 0; i < 20_000; i++) {
      key.ask('t', i)
      cell.insert(key, true)
      if (i < 100) continue
      key.ask('t', i - 100)
      cell.remove(cell.find(key))
    }
    expect(cell.size).toBe(100)
    expect(cell.numbers.length).toBeLessThan(2_048)
    for (let place = cell.first(); place !== 0; place = cell.next(place)) places.push(place)
    expect(places).toHaveLength(100)
    key.ask('t', 19_950)
    expect(places).toContain(cell.find(key))
  })

  it('keeps a frozen cell as it stood at the cut, also when its checkpoint is given up', () => {
    const store = made()
    store.open('a').set(0, 1)
    const before = hex(store)
    const [cell] = store.freeze()
    store.open('a').set(0, 2)
    expect(cell?.encode()?.toString('hex')).toBe(before)
    cell?.release()
    expect(store.dirtyCells).toBe(1)
    const [next] = store.freeze()
    next?.release()
    expect(store.dirtyCells).toBe(0)
    store.markDirty(next as CellName)
    expect(store.freeze()[0]?.encode()?.toString('hex')).toBe(hex(store))
  })

  it('refuses what a row cannot hold, and a row that is gone', () => {
    const undo = new UndoLog()
    const store = made(8, undo)
    const row = store.open('a')
    for (const wrong of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 52 + 2])
      expect(() => row.set(0, wrong)).toThrow(RangeError)
    for (const column of [2, -1, Number.NaN]) expect(() => row.set(column, 1)).toThrow('no column')
    row.set(0, -0)
    expect(Object.is(row.get(0), 0)).toBe(true)
    row.remove()
    expect(() => row.get(0)).toThrow('find it again')
    undo.rollback()
    expect(() => row.get(0)).toThrow('find it again')
    expect(store.size).toBe(0)
  })

  it('takes over cells of an older codec row by row, and says that their records must go', () => {
    const store = made()
    const other = made()
    store.open('ট', 'x').set(0, 5)
    const [cell] = store.freeze()
    expect(other.load(cell as CellName, cell?.encode() as Buffer, 1, true)).toBe(false)
    expect([other.get('ট|x'), other.dirtyCells]).toEqual([[5, 0], 1])
  })

  it('says that a cell cannot be read, and does not take it for an empty one', () => {
    const wide = new RowStore(rowsSpec({ name: 'r', cells: 64, columns: 3 }), new UndoLog())
    wide.set('a', [1, 2, 3])
    const [cell] = wide.freeze()
    const narrow = made()
    narrow.load(cell as CellName, cell?.encode() as Buffer, 1, false)
    for (let tries = 0; tries < 2; tries++)
      expect(() => narrow.get('a')).toThrow('cannot be read (a row of more than 2 numbers)')
    expect([narrow.size, narrow.dirtyCells]).toEqual([1, 0])
  })

  it('reads a row of fewer columns with zeros behind', () => {
    const bytes = rowCodec(2).encode([3, -4]) as Buffer
    expect(rowCodec(4).decode(bytes, 1)).toEqual([3, -4, 0, 0])
    expect(() => rowCodec(1).decode(bytes, 1)).toThrow('more than 1')
    expect(() => rowCodec(2).decode(Buffer.from([0x81]), 1)).toThrow('ends inside')
  })

  it('is one topology’s to write and a later one’s to read', () => {
    const topology = (name: string, stores: Topology['stores']): Topology => ({
      name,
      version: 1,
      stores,
      onEvent: () => undefined,
      render: () => [],
    })
    const state = new TaskState([topology('one', [SPEC]), topology('two', [])])
    state.rows(0, 'one', SPEC).open('a', 1).set(0, 9)
    const view = state.rows(1, 'two', SPEC)
    expect([view.find('a', 1)?.get(0), view.find('b')]).toEqual([9, undefined])
    expect(() => view.find('a', 1)?.set(0, 1)).toThrow('another one owns')
    expect(() => view.find('a', 1)?.remove()).toThrow('another one owns')
    expect(() => view.open('a', 1)).toThrow('another one owns')
    const wrong = topology('bad', [rowsSpec({ name: 'bad', cells: 1, columns: 0 })])
    expect(() => new TaskState([wrong])).toThrow('columns')
  })
})

it('a key has one hash and the same bytes, whichever way it is asked for', () => {
  const [one, two, three] = [new KeyBytes(), new KeyBytes(), new KeyBytes()]
  const bytesOf = (key: KeyBytes): string => Buffer.from(key.words.buffer).toString('utf8', 0, key.length)
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      (tenant, id) => {
        one.ask(tenant, id)
        const bytes = Buffer.from(keyOf(tenant, id))
        two.askWhole(bytes, 0, bytes.length)
        expect([one.hash, one.length, bytesOf(one)]).toEqual([two.hash, two.length, bytes.toString()])
        if (id === undefined) return
        const value = Buffer.from(`before${id}after`)
        three.askIn(tenant, value, 6, value.length - 5)
        expect([three.hash, three.length, bytesOf(three)]).toEqual([one.hash, one.length, bytesOf(one)])
      },
    ),
  )
})
