/**
 * All state of one task: the stores of its topologies, and the engine's own (aggregate versions, timers, ids). Owns the
 * undo log that they share and who may write which store (P5). Engine stores begin with '$', topology stores may not.
 */
import type { AggregateVersions } from '../../../schemas/rules/accept.ts'
import { RuntimeError } from '../errors.ts'
import { STOPPED, type StoppedTenant, TENANT_IDS } from '../tenants/stores.ts'
import {
  isRows,
  type Row,
  type Rows,
  type RowsSpec,
  type Store,
  type StoreSpec,
  type Topology,
} from '../topology.ts'
import { CellStore } from './cell-store.ts'
import { jsonCodec, numberCodec } from './codec.ts'
import { IdSegments } from './id-segments.ts'
import { KeyBytes } from './key-bytes.ts'
import { RowStore } from './row-store.ts'
import type { StateStore } from './state-store.ts'
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
const COLUMNS_MAX = 1_024

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
  readonly stopped: CellStore<StoppedTenant>
  readonly tenantIds: CellStore<number>
  /** By name, in the order in which topologies declare them; the engine's own first. */
  readonly stores: ReadonlyMap<string, StateStore<unknown>>
  readonly #key = new KeyBytes()
  readonly #owners = new Map<string, number>()

  constructor(topologies: readonly Topology[], options: TaskStateOptions = {}) {
    this.versions = new CellStore(VERSIONS, this.undo)
    this.timers = new CellStore(TIMERS, this.undo)
    this.ids = new IdSegments(this.undo, options.idHorizonMs, this.#key)
    this.stopped = new CellStore(STOPPED, this.undo)
    this.tenantIds = new CellStore(TENANT_IDS, this.undo)
    const stores = new Map<string, StateStore<unknown>>([
      [VERSIONS.name, this.versions as unknown as CellStore<unknown>],
      [TIMERS.name, this.timers as unknown as CellStore<unknown>],
      [STOPPED.name, this.stopped as unknown as CellStore<unknown>],
      [TENANT_IDS.name, this.tenantIds as unknown as CellStore<unknown>],
    ])
    topologies.forEach((topology, owner) => {
      for (const spec of topology.stores as readonly StoreSpec<unknown>[]) {
        checkSpec(topology, spec, stores)
        stores.set(spec.name, this.#made(spec, options.guard))
        this.#owners.set(spec.name, owner)
      }
    })
    this.stores = stores
  }

  #made(spec: StoreSpec<unknown>, guard: TaskStateOptions['guard']): StateStore<unknown> {
    return isRows(spec)
      ? (new RowStore(spec, this.undo, this.#key, guard) as StateStore<unknown>)
      : new CellStore(spec, this.undo, guard)
  }

  /** The rows as topology number `reader` sees them: its own, or an earlier one's to read. */
  rows(reader: number, topology: string, spec: RowsSpec): Rows {
    const store = this.#owned(reader, topology, spec.name)
    if (!(store instanceof RowStore))
      throw new RuntimeError(
        'store_unknown',
        `topology ${topology} asks for rows of ${spec.name}: it has none`,
      )
    if (this.#owners.get(spec.name) === reader) return store
    const refuse = refusal(topology, spec.name)
    const row: Row = { get: (column) => store.read(column), set: refuse, add: refuse, remove: refuse }
    return { find: (tenant, id) => store.find(tenant, id) && row, open: refuse }
  }

  /** The store as topology number `reader` sees it: its own, or an earlier one's to read. */
  view(reader: number, topology: string, name: string): Store<unknown> {
    const store = this.#owned(reader, topology, name)
    if (this.#owners.get(name) === reader) return store
    const refuse = refusal(topology, name)
    return { get: (key) => store.get(key), set: refuse, delete: refuse }
  }

  #owned(reader: number, topology: string, name: string): StateStore<unknown> {
    const store = this.stores.get(name)
    const owner = this.#owners.get(name)
    if (store === undefined || owner === undefined)
      throw new RuntimeError(
        'store_unknown',
        `topology ${topology} asks for store ${name}: no topology declares it`,
      )
    if (owner > reader)
      throw new RuntimeError(
        'store_not_owned',
        `topology ${topology} asks for store ${name} of a later topology: put the owner before it`,
      )
    return store
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

const refusal = (topology: string, store: string) => (): never => {
  throw new RuntimeError(
    'store_not_owned',
    `topology ${topology} writes store ${store}, which another one owns`,
  )
}

function checkSpec(topology: Topology, spec: StoreSpec<unknown>, before: ReadonlyMap<string, unknown>): void {
  const wrong = !STORE_NAME.test(spec.name)
    ? `its name must match ${STORE_NAME.source}`
    : before.has(spec.name)
      ? 'the name is taken'
      : !Number.isInteger(spec.cells) || spec.cells < 1 || spec.cells > CELLS_MAX
        ? `${spec.cells} cells are not within 1..${CELLS_MAX}`
        : isRows(spec) &&
            !(Number.isInteger(spec.columns) && spec.columns >= 1 && spec.columns <= COLUMNS_MAX)
          ? `${spec.columns} columns are not within 1..${COLUMNS_MAX}`
          : undefined
  if (wrong !== undefined)
    throw new RuntimeError('topology_invalid', `store ${spec.name} of topology ${topology.name}: ${wrong}`)
}
