/**
 * All state of one task: the stores of its topologies, and the engine's own (aggregate versions, timers, ids). Owns the
 * undo log that they share and who may write which store (P5). Engine stores begin with '$', topology stores may not.
 */
import type { AggregateVersions } from '../../../schemas/rules/accept.ts'
import { RuntimeError } from '../errors.ts'
import type { Store, StoreSpec, Topology } from '../topology.ts'
import { CellStore } from './cell-store.ts'
import { jsonCodec, numberCodec } from './codec.ts'
import { IdSegments } from './id-segments.ts'
import { UndoLog } from './undo.ts'

export const VERSIONS: StoreSpec<AggregateVersions> = {
  name: '$versions',
  cells: 1024,
  codec: jsonCodec<AggregateVersions>(),
}
export const TIMERS: StoreSpec<number> = { name: '$timers', cells: 64, codec: numberCodec }
export const IDS = '$ids'

const STORE_NAME = /^[a-z][a-z0-9._-]{0,63}$/
const CELLS_MAX = 16_384

export interface TaskStateOptions {
  readonly idHorizonMs?: number | undefined
  /** Sees every value that is set. */
  readonly guard?: ((value: unknown) => void) | undefined
}

export class TaskState {
  readonly undo = new UndoLog()
  readonly versions: CellStore<AggregateVersions>
  readonly timers: CellStore<number>
  readonly ids: IdSegments
  /** By name, in the order in which topologies declare them; the engine's own first. */
  readonly stores: ReadonlyMap<string, CellStore<unknown>>
  readonly #owners = new Map<string, number>()

  constructor(topologies: readonly Topology[], options: TaskStateOptions = {}) {
    this.versions = new CellStore(VERSIONS, this.undo)
    this.timers = new CellStore(TIMERS, this.undo)
    this.ids = new IdSegments(this.undo, options.idHorizonMs)
    const stores = new Map<string, CellStore<unknown>>([
      [VERSIONS.name, this.versions as unknown as CellStore<unknown>],
      [TIMERS.name, this.timers as unknown as CellStore<unknown>],
    ])
    topologies.forEach((topology, owner) => {
      for (const spec of topology.stores as readonly StoreSpec<unknown>[]) {
        checkSpec(topology, spec, stores)
        stores.set(spec.name, new CellStore(spec, this.undo, options.guard))
        this.#owners.set(spec.name, owner)
      }
    })
    this.stores = stores
  }

  /** The store as topology number `reader` sees it: its own, or an earlier one's to read. */
  view(reader: number, topology: string, name: string): Store<unknown> {
    const store = this.stores.get(name)
    const owner = this.#owners.get(name)
    if (store === undefined || owner === undefined)
      throw new RuntimeError(
        'store_unknown',
        `topology ${topology} asks for store ${name}: no topology declares it`,
      )
    if (owner === reader) return store
    if (owner > reader)
      throw new RuntimeError(
        'store_not_owned',
        `topology ${topology} asks for store ${name} of a later topology: put the owner before it`,
      )
    const refuse = (): never => {
      throw new RuntimeError(
        'store_not_owned',
        `topology ${topology} writes store ${name}, which another one owns`,
      )
    }
    return { get: (key) => store.get(key), set: refuse, delete: refuse }
  }

  get dirtyCells(): number {
    let cells = this.ids.dirtyCells
    for (const store of this.stores.values()) cells += store.dirtyCells
    return cells
  }

  /** Canonical bytes of everything, by store: what R1 compares. */
  *canonical(): IterableIterator<readonly [store: string, bytes: Buffer]> {
    for (const [store, cells] of this.stores) yield [store, cells.canonical() ?? Buffer.alloc(0)]
    yield [IDS, this.ids.canonical()]
  }
}

function checkSpec(topology: Topology, spec: StoreSpec<unknown>, before: ReadonlyMap<string, unknown>): void {
  const wrong = !STORE_NAME.test(spec.name)
    ? `its name must match ${STORE_NAME.source}`
    : before.has(spec.name)
      ? 'the name is taken'
      : !Number.isInteger(spec.cells) || spec.cells < 1 || spec.cells > CELLS_MAX
        ? `${spec.cells} cells are not within 1..${CELLS_MAX}`
        : undefined
  if (wrong !== undefined)
    throw new RuntimeError('topology_invalid', `store ${spec.name} of topology ${topology.name}: ${wrong}`)
}
