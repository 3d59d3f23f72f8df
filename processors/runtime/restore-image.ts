/**
 * A partition of the checkpoints topic as it stands, and a task made from it. PURE of I/O: `restore.ts` and the test
 * driver feed it. Refuses cells whose parts are not all there.
 */
import { PART_HEADER, partsName } from './checkpoint.ts'
import { RuntimeError } from './errors.ts'
import {
  cellKeyOf,
  checkManifest,
  layoutOf,
  type Manifest,
  manifestKey,
  parseKey,
  parseManifest,
} from './manifest.ts'
import { IDS } from './state/task-state.ts'
import type { Task } from './task.ts'
import type { Topology } from './topology.ts'

export interface Loaded {
  readonly parts: ReadonlyMap<string, number>
  readonly obsolete: readonly string[]
  readonly refused: ReadonlySet<number>
  readonly cells: number
  readonly bytes: number
}

export class CheckpointImage {
  readonly #group: string
  readonly #values = new Map<string, Buffer>()

  constructor(group: string) {
    this.#group = group
  }

  apply(key: Buffer | string | null, value: Buffer | null): void {
    if (key === null) return
    const text = typeof key === 'string' ? key : key.toString('utf8')
    if (parseKey(this.#group, text) === undefined) return
    if (value === null) this.#values.delete(text)
    // A copy: a view would keep the whole fetched chunk, with every older value of other cells in it.
    else this.#values.set(text, Buffer.from(value))
  }

  get manifest(): Manifest | undefined {
    const bytes = this.#values.get(manifestKey(this.#group))
    return bytes === undefined ? undefined : parseManifest(bytes)
  }

  /** Offsets refused at or after S (R9). */
  #refused(from: number): ReadonlySet<number> {
    const refused = new Set<number>()
    for (const key of this.#values.keys()) {
      const parsed = parseKey(this.#group, key)
      if (parsed?.kind === 'refused' && parsed.offset >= from) refused.add(parsed.offset)
    }
    return refused
  }

  /** Fills a new task with the cells and puts it in its place. */
  load(task: Task, topologies: readonly Topology[], manifest: Manifest, where: string): Loaded {
    checkManifest(manifest, topologies, task.state, where)
    const layouts = new Map(layoutOf(task.state).map((store) => [store.name, store]))
    const written = new Map(manifest.layout.map((store) => [store.name, store]))
    const parts = new Map<string, number>()
    const obsolete: string[] = []
    let cells = 0
    let bytes = 0
    for (const [key, value] of this.#values) {
      const parsed = parseKey(this.#group, key)
      if (parsed?.kind !== 'cell') continue
      const { store, index, part, cells: count } = parsed
      const now = layouts.get(store)
      const then = written.get(store)
      if (now === undefined || then === undefined) {
        obsolete.push(key)
        continue
      }
      if (part !== 0) continue
      const whole = this.#assemble(key, value, where)
      const name = { count, index }
      if (store === IDS) task.state.ids.load(index, whole.bytes)
      else if (!task.state.stores.get(store)?.load(name, whole.bytes, then.codec, then.codec !== now.codec)) {
        for (let one = 0; one < whole.parts; one++)
          obsolete.push(cellKeyOf(this.#group, store, count, index, one))
        continue
      }
      if (whole.parts > 1) parts.set(partsName(store, name), whole.parts)
      cells++
      bytes += whole.bytes.length
    }
    const refused = this.#refused(manifest.offset)
    task.enter(manifest, refused)
    return { parts, obsolete, refused, cells, bytes }
  }

  #assemble(key: string, first: Buffer, where: string): { parts: number; bytes: Buffer } {
    const parts = first.readUInt16BE(0)
    if (parts === 1) return { parts, bytes: first.subarray(PART_HEADER) }
    const base = key.slice(0, key.lastIndexOf('|') + 1)
    const slices: Buffer[] = []
    for (let part = 0; part < parts; part++) {
      const slice = this.#values.get(base + part)
      if (slice === undefined || slice.readUInt16BE(0) !== parts)
        throw new RuntimeError(
          'checkpoint_corrupt',
          `${where}: part ${part} of ${parts} of cell ${base} is missing: reset the processors so that they read the log anew`,
        )
      slices.push(slice.subarray(PART_HEADER))
    }
    return { parts, bytes: Buffer.concat(slices) }
  }
}
