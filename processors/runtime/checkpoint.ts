/**
 * Checkpoints of one task. `begin` freezes dirty cells at a cut; `encode` turns them into records in slices; `part` is
 * what a commit carries; `confirmed` and `abandoned` end it. One at a time. Owns which keys the topic holds beyond the
 * state's own (parts of big cells, cells of an older layout, refusals), so that they are tombstoned.
 * C1: a cell that did not reach the log is dirty again. C2: a record stays below PART_BYTES: bigger cells go in parts.
 */
import type { OutputRecord } from '../../platform/kafka/port.ts'
import {
  cellKeyOf,
  layoutOf,
  type StoreLayout,
  type Manifest,
  manifestKey,
  refusedKey,
  topologiesText,
  topologyHash,
} from './manifest.ts'
import type { CellName, FrozenCell } from './state/state-store.ts'
import { IDS } from './state/task-state.ts'
import type { Task, TaskPlace } from './task.ts'
import type { Topology } from './topology.ts'

export const PART_BYTES = 512 * 1024
/** Parts of a cell, as two bytes before its bytes. */
export const PART_HEADER = 2

export interface CheckpointOptions {
  readonly group: string
  readonly topic: string
  readonly topologies: readonly Topology[]
  readonly topicId: string
  readonly transactionalId: string
}

/** What a commit carries of a finished checkpoint. */
export interface CheckpointPart {
  readonly offset: number
  readonly records: readonly OutputRecord[]
  readonly cells: number
  readonly bytes: number
}

interface Frozen {
  readonly store: string
  readonly cell: FrozenCell
}

/** Under which the parts of a cell are counted. */
export const partsName = (store: string, { count, index }: CellName): string => `${store}|${count}|${index}`

interface Underway {
  readonly place: TaskPlace
  readonly frozen: readonly Frozen[]
  readonly records: OutputRecord[]
  readonly parts: Map<string, number>
  readonly layout: readonly StoreLayout[]
  readonly refused: readonly number[]
  next: number
  bytes: number
}

export class Checkpointer {
  readonly #task: Task
  readonly #options: CheckpointOptions
  /** Cells that take more than one record. */
  #parts: Map<string, number>
  /** Keys of an older layout that are still in the topic. */
  #obsolete: string[]
  /** Refusals that are in the topic, or on their way. */
  readonly #refused: Set<number>
  #underway: Underway | undefined
  #last: number | undefined

  constructor(
    task: Task,
    options: CheckpointOptions,
    found: {
      readonly parts?: ReadonlyMap<string, number>
      readonly obsolete?: readonly string[]
      readonly refused?: Iterable<number>
      /** S of the checkpoint that the task came from. */
      readonly offset?: number | undefined
    } = {},
  ) {
    this.#task = task
    this.#options = options
    this.#parts = new Map(found.parts)
    this.#obsolete = [...(found.obsolete ?? [])]
    this.#refused = new Set(found.refused)
    this.#last = found.offset
  }

  /** S of the newest confirmed checkpoint; undefined = none yet (R7: the next commit must carry one). */
  get last(): number | undefined {
    return this.#last
  }

  get idle(): boolean {
    return this.#underway === undefined
  }

  get ready(): boolean {
    return this.#underway !== undefined && this.#underway.next > this.#underway.frozen.length
  }

  /** Records that keep refusals of a cut (R9), unless the checkpoint that goes with it is already past them. */
  refusals(offsets: readonly number[]): OutputRecord[] {
    if (offsets.length === 0) return []
    for (const offset of offsets) this.#refused.add(offset)
    return offsets.map((offset) => this.#record(refusedKey(this.#options.group, offset), Buffer.from('1')))
  }

  /** At a cut, in the same step. */
  begin(): void {
    if (this.#underway !== undefined) throw new Error('a checkpoint is underway already')
    const { state } = this.#task
    const frozen: Frozen[] = []
    for (const [store, cells] of state.stores) {
      for (const gone of cells.takeSplit()) this.#forget(store, gone)
      for (const cell of cells.freeze()) frozen.push({ store, cell })
    }
    for (const cell of state.ids.freeze()) frozen.push({ store: IDS, cell })
    this.#underway = {
      place: this.#task.place,
      frozen,
      // First, so that a cell of the same name, written below, stands.
      records: this.#obsolete.map((key) => this.#record(key, null)),
      parts: new Map(this.#parts),
      layout: layoutOf(state),
      refused: [...this.#refused].filter((offset) => offset < this.#task.offset),
      next: 0,
      bytes: 0,
    }
  }

  /** The records of a cell that was split must go (in parts, if it had any). */
  #forget(store: string, { count, index }: CellName): void {
    const name = partsName(store, { count, index })
    const parts = this.#parts.get(name) ?? 1
    this.#parts.delete(name)
    for (let part = 0; part < parts; part++)
      this.#obsolete.push(cellKeyOf(this.#options.group, store, count, index, part))
  }

  /** Encodes until `until` says stop; true = finished. */
  encode(until: () => boolean = () => false): boolean {
    const work = this.#underway
    if (work === undefined) return true
    while (work.next < work.frozen.length) {
      this.#encodeCell(work, work.frozen[work.next] as Frozen)
      work.next++
      if (until()) return false
    }
    if (work.next === work.frozen.length) {
      for (const offset of work.refused)
        work.records.push(this.#record(refusedKey(this.#options.group, offset), null))
      work.records.push(
        this.#record(manifestKey(this.#options.group), Buffer.from(JSON.stringify(this.#manifest(work)))),
      )
      work.next++
    }
    return true
  }

  #encodeCell(work: Underway, { store, cell }: Frozen): void {
    const bytes = cell.encode()
    const { group } = this.#options
    const name = partsName(store, cell)
    const before = work.parts.get(name) ?? 1
    const count = bytes === null ? 0 : Math.max(1, Math.ceil(bytes.length / PART_BYTES))
    for (let part = 0; part < Math.max(count, before); part++) {
      const key = cellKeyOf(group, store, cell.count, cell.index, part)
      if (bytes === null || part >= count) {
        work.records.push(this.#record(key, null))
        continue
      }
      const slice = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)
      const value = Buffer.allocUnsafe(PART_HEADER + slice.length)
      value.writeUInt16BE(count, 0)
      slice.copy(value, PART_HEADER)
      work.bytes += value.length
      work.records.push(this.#record(key, value))
    }
    if (count > 1) work.parts.set(name, count)
    else work.parts.delete(name)
  }

  #manifest({ place, layout }: Underway): Manifest {
    const { topologies, topicId, transactionalId } = this.#options
    return {
      format: 1,
      ...place,
      layout,
      topologies: topologiesText(topologies),
      topologyHash: topologyHash(topologies),
      topicId,
      transactionalId,
    }
  }

  #record(key: string, value: Buffer | null): OutputRecord {
    return { topic: this.#options.topic, partition: this.#task.partition, key, value }
  }

  /** For a commit; undefined while there is nothing whole. */
  get part(): CheckpointPart | undefined {
    const work = this.#underway
    if (work === undefined || !this.ready) return undefined
    const { records, frozen, bytes } = work
    return { offset: work.place.offset, records, cells: frozen.length, bytes }
  }

  /** Its transaction committed. */
  confirmed(): void {
    const work = this.#underway
    if (work === undefined) return
    for (const { cell } of work.frozen) cell.release()
    this.#parts = work.parts
    this.#obsolete = []
    for (const offset of work.refused) this.#refused.delete(offset)
    this.#last = work.place.offset
    this.#underway = undefined
  }

  /** C1. */
  abandoned(): void {
    const work = this.#underway
    if (work === undefined) return
    for (const { store, cell } of work.frozen) {
      cell.release()
      if (store === IDS) this.#task.state.ids.markDirty(cell.index)
      else this.#task.state.stores.get(store)?.markDirty(cell)
    }
    this.#underway = undefined
  }
}
