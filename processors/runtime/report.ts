/**
 * What an operator sees of the tasks of a process: where they stand, how far behind, how big, when last checkpointed.
 * Owns the shape that GET /tasks answers with. Refuses: walking through state; every figure is a count that is kept
 * anyway, and bytes are those of the last checkpoint.
 */
import type { CheckpointSizes, LastCheckpoint, StoredSize } from './checkpoint-sizes.ts'
import type { Lag, WatchedTask } from './lag-watch.ts'
import { topologiesText } from './manifest.ts'
import type { RuntimeOptions } from './options.ts'
import { IDS, TIMERS, VERSIONS } from './state/task-state.ts'
import type { TaskState } from './task-life.ts'
import type { TaskRunner } from './task-runner.ts'
import type { HeldTenant } from './tenants/rebuild.ts'
import type { Topology } from './topology.ts'

export interface StoreReport {
  readonly name: string
  /** Null where the task does not run here. */
  readonly entries: number | null
  readonly cells: number
  readonly dirtyCells: number | null
  /** As last checkpointed. */
  readonly bytes: number
}

export interface CheckpointReport {
  readonly offset: number
  readonly at: string
  readonly ageSeconds: number
  /** Records that a restart folds again. */
  readonly behind: number
  /** All that a restart loads. */
  readonly cells: number
  readonly bytes: number
  /** What the newest one wrote; null = another process wrote it. */
  readonly written: (StoredSize & { readonly seconds: number }) | null
}

export interface TaskReport {
  readonly partition: number
  /** `elsewhere`: not in this process; what is known is read from the topics. */
  readonly state: TaskState | 'elsewhere'
  readonly error: string | null
  /** Next offset to fold; null while there is no state. */
  readonly position: number | null
  readonly committed: number
  readonly end: number | null
  readonly lagRecords: number | null
  readonly lagSeconds: number | null
  readonly uncommitted: number
  readonly epoch: number | null
  readonly logTime: string | null
  readonly stores: readonly StoreReport[]
  readonly entries: number | null
  readonly bytes: number
  readonly cells: number
  readonly dirtyCells: number | null
  readonly timers: number | null
  readonly aggregates: number | null
  readonly ids: number | null
  readonly checkpoint: CheckpointReport | null
  /** Stopped, or being rebuilt. */
  readonly tenants: readonly HeldTenant[]
}

export interface ProcessReport {
  readonly at: string
  readonly group: string
  readonly transactionalId: string
  readonly topic: string
  readonly topologies: string
  readonly tasks: readonly TaskReport[]
}

export const watched = (runner: TaskRunner): WatchedTask => ({
  partition: runner.partition,
  position: runner.task?.offset,
  committed: runner.last.offset,
  uncommitted: runner.uncommitted,
  logTime: runner.task?.logTime ?? 0,
})

export const instant = (ms: number | undefined): string | null =>
  ms === undefined || ms <= 0 ? null : new Date(ms).toISOString()

export const checkpointReport = (
  last: LastCheckpoint | undefined,
  committed: number,
  nowMs: number,
): CheckpointReport | null =>
  last === undefined
    ? null
    : {
        offset: last.offset,
        at: new Date(last.atMs).toISOString(),
        ageSeconds: Math.max(0, nowMs - last.atMs) / 1000,
        behind: Math.max(0, committed - last.offset),
        cells: last.whole.cells,
        bytes: last.whole.bytes,
        written: last.written ?? null,
      }

const storedOnly = (sizes: CheckpointSizes): readonly StoreReport[] =>
  sizes.storeNames.map((name) => ({ name, entries: null, dirtyCells: null, ...sizes.of(name) }))

function storesOf({ task, sizes }: TaskRunner): readonly StoreReport[] {
  if (task === undefined) return storedOnly(sizes)
  const { stores, ids } = task.state
  const reports: StoreReport[] = []
  for (const [name, store] of stores) {
    const { bytes } = sizes.of(name)
    const { size: entries, cells, dirtyCells } = store
    reports.push({ name, entries, cells, dirtyCells, bytes })
  }
  const stored = sizes.of(IDS)
  reports.push({
    name: IDS,
    entries: ids.size,
    cells: stored.cells,
    dirtyCells: ids.dirtyCells,
    bytes: stored.bytes,
  })
  return reports
}

export function taskReport(runner: TaskRunner, lag: Lag | undefined, nowMs: number): TaskReport {
  const { task, last, sizes } = runner
  const stores = storesOf(runner)
  // A task that is not whole has claimed nothing yet; the group's offset is what counts.
  const committed = last.offset >= 0 ? last.offset : (lag?.from ?? -1)
  const checkpoint = checkpointReport(sizes.last, committed, nowMs)
  const entriesOf = (name: string): number | null =>
    stores.find((store) => store.name === name)?.entries ?? null
  return {
    partition: runner.partition,
    state: runner.life.state,
    error: runner.error?.message ?? null,
    position: task?.offset ?? null,
    committed,
    end: lag?.end ?? null,
    lagRecords: lag?.records ?? null,
    lagSeconds: lag?.seconds ?? null,
    uncommitted: runner.uncommitted,
    epoch: task?.place.epoch ?? checkpointEpoch(sizes),
    logTime: instant(task?.logTime),
    stores,
    entries: task === undefined ? null : stores.reduce((sum, store) => sum + (store.entries ?? 0), 0),
    bytes: stores.reduce((sum, store) => sum + store.bytes, 0),
    cells: stores.reduce((sum, store) => sum + store.cells, 0),
    dirtyCells: task?.state.dirtyCells ?? null,
    timers: entriesOf(TIMERS.name),
    aggregates: entriesOf(VERSIONS.name),
    ids: entriesOf(IDS),
    checkpoint,
    tenants: runner.rebuilds?.held ?? [],
  }
}

const checkpointEpoch = (sizes: CheckpointSizes): number | null => sizes.last?.epoch ?? null

export const processReport = (
  { groupId, transactionalId, topics }: RuntimeOptions,
  topologies: readonly Topology[],
  runners: readonly TaskRunner[],
  lags: ReadonlyMap<number, Lag> | undefined,
  nowMs: number,
): ProcessReport => ({
  at: new Date(nowMs).toISOString(),
  group: groupId,
  transactionalId,
  topic: topics.events,
  topologies: topologiesText(topologies),
  tasks: runners.map((runner) => taskReport(runner, lags?.get(runner.partition), nowMs)),
})

/** A task that runs in another process, or nowhere: what the topics tell. */
export function storedReport(
  partition: number,
  sizes: CheckpointSizes,
  place: {
    readonly committed: number
    readonly end: number
    readonly lagRecords: number
    readonly lagSeconds: number
  },
  nowMs: number,
): TaskReport {
  const { last } = sizes
  const stores = storedOnly(sizes)
  return {
    partition,
    state: 'elsewhere',
    error: null,
    position: null,
    ...place,
    uncommitted: 0,
    epoch: last?.epoch ?? null,
    logTime: instant(last?.logTime),
    stores,
    entries: null,
    bytes: last?.whole.bytes ?? 0,
    cells: last?.whole.cells ?? 0,
    dirtyCells: null,
    timers: null,
    aggregates: null,
    ids: null,
    checkpoint: checkpointReport(last, place.committed, nowMs),
    tenants: [],
  }
}
