/**
 * What a checkpoint says of itself, and the keys of its records. Owns the topology hash and the refusal of a checkpoint
 * that is not this code's. Keys begin with the group, so that a shadow run can share the topic.
 */
import { createHash } from 'node:crypto'
import { RuntimeError } from './errors.ts'
import { IDS, type TaskState } from './state/task-state.ts'
import type { TaskPlace } from './task.ts'
import type { StoreSpec, Topology } from './topology.ts'

export interface StoreLayout {
  readonly name: string
  readonly cells: number
  readonly codec: number
}

export interface Manifest extends TaskPlace {
  readonly format: 1
  readonly layout: readonly StoreLayout[]
  /** Names and versions, for people; the hash is what is compared. */
  readonly topologies: string
  readonly topologyHash: string
  readonly topicId: string
  readonly transactionalId: string
}

export const manifestKey = (group: string): string => `${group}|manifest`
export const refusedKey = (group: string, offset: number): string => `${group}|refused|${offset}`
export const cellKeyOf = (group: string, store: string, cells: number, index: number, part: number): string =>
  `${group}|cell|${store}|${cells}|${index}|${part}`

export type CheckpointKey =
  | { readonly kind: 'manifest' }
  | { readonly kind: 'refused'; readonly offset: number }
  | {
      readonly kind: 'cell'
      readonly store: string
      readonly cells: number
      readonly index: number
      readonly part: number
    }

/** Undefined: not of this group. */
export function parseKey(group: string, key: string): CheckpointKey | undefined {
  if (!key.startsWith(`${group}|`)) return undefined
  const [kind, store, cells, index, part] = key.slice(group.length + 1).split('|')
  if (kind === 'manifest') return { kind }
  if (kind === 'refused') return { kind, offset: Number(store) }
  if (kind !== 'cell' || store === undefined) return undefined
  return { kind, store, cells: Number(cells), index: Number(index), part: Number(part) }
}

/** How the stores lie now. */
export function layoutOf(state: TaskState): StoreLayout[] {
  const layout: StoreLayout[] = [{ name: IDS, cells: 0, codec: 1 }]
  for (const [name, store] of state.stores)
    layout.push({ name, cells: store.cells, codec: store.spec.codec.version })
  return layout
}

export const topologiesText = (topologies: readonly Topology[]): string =>
  topologies.map(({ name, version }) => `${name} v${version}`).join(', ')

/** Names, versions, order and stores: what decides the meaning of the state. Cell counts and codecs may change. */
export function topologyHash(topologies: readonly Topology[]): string {
  const meaning = topologies.map(({ name, version, stores }) => [
    name,
    version,
    (stores as readonly StoreSpec<unknown>[]).map((store) => store.name),
  ])
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 16)
}

export function parseManifest(bytes: Buffer): Manifest {
  const value = JSON.parse(bytes.toString('utf8')) as Manifest
  if (value.format !== 1)
    throw new RuntimeError(
      'codec_too_new',
      `the manifest has format ${String(value.format)}, this code reads 1: run the newer code, or reset the processors`,
    )
  return value
}

/** Refuses a manifest whose state this code would misread. */
export function checkManifest(
  manifest: Manifest,
  topologies: readonly Topology[],
  state: TaskState,
  where: string,
): void {
  const hash = topologyHash(topologies)
  if (manifest.topologyHash !== hash)
    throw new RuntimeError(
      'topology_changed',
      `${where}: the checkpoint was written by [${manifest.topologies}] (${manifest.topologyHash}), this code is ` +
        `[${topologiesText(topologies)}] (${hash}): run that code again, or let this one read the log anew (./nikash rebuild processors)`,
    )
  for (const { name, codec } of manifest.layout) {
    const mine = state.stores.get(name)?.spec.codec.version
    if (mine !== undefined && codec > mine)
      throw new RuntimeError(
        'codec_too_new',
        `${where}: store ${name} was written with codec version ${codec}, this code knows ${mine}: ` +
          'run the newer code, or reset the processors',
      )
  }
}
