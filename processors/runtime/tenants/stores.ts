/** What the engine keeps of tenants that were stopped or rebuilt: two stores of its own (README.md, T8). */
import { jsonCodec, numberCodec } from '../state/codec.ts'
import type { StoreSpec } from '../topology.ts'

/** `rebuilt`: nothing is left out; its ids are kept apart for good. */
export type TenantMode = 'stopped' | 'rebuilding' | 'rebuilt'

export interface StoppedTenant {
  readonly mode: TenantMode
  /** Position: the event that stopped it. Its records from here on were not applied. Null when rebuilt. */
  readonly offset: number | null
  /** Log time then. */
  readonly at: number | null
  readonly reason: string
  /** Offset of the request of the rebuild that is under way. */
  readonly requested: number | null
  /** N2; null = nothing was forgotten. */
  readonly forgottenBefore: number | null
}

export const STOPPED: StoreSpec<StoppedTenant> = {
  name: '$stopped',
  cells: 8,
  codec: jsonCodec<StoppedTenant>(),
}
export const TENANT_IDS: StoreSpec<number> = { name: '$tenant-ids', cells: 1024, codec: numberCodec }

export const REBUILT: StoppedTenant = {
  mode: 'rebuilt',
  offset: null,
  at: null,
  reason: '',
  requested: null,
  forgottenBefore: null,
}
