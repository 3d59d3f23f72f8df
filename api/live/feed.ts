/**
 * The port between the hub and the store of live figures: what a feed is, whoever keeps it. Owns no I/O.
 *
 * F1  a snapshot is one instant: figures, sequence numbers and the feed's last id are read together.
 * F2  per tenant and channel, sequence numbers of one epoch are contiguous; entries arrive in feed order.
 * F3  another epoch or run = another history: nothing of the older one can be continued.
 */
import {
  type AgingValue,
  type AlertValue,
  type Channel,
  CHANNELS,
  type KpiMeta,
  type KpiValue,
} from '../../sinks/redis/contract.ts'

export const FEED_CHANNELS = CHANNELS
export type FeedChannel = Channel

/** The epoch of a tenant of which the store knows nothing yet. */
export const NO_EPOCH = 'none'

/** One window of KPIs; a delta has the measures that changed. */
export interface KpiWindow {
  readonly meta: KpiMeta
  readonly measures: Readonly<Record<string, KpiValue>>
}

/**
 * What a frame carries, keyed so that a newer body over an older one gives the newer state: measures by window and
 * name, aging slices of receivables by `total` or `customer:ID`, of payables by `total` or `vendor:ID` (null = the slice is
 * gone), live alerts by id (null = over). Absent = unchanged.
 */
export interface Body {
  readonly kpis?: Readonly<Record<string, KpiWindow>>
  readonly aging?: Readonly<Record<string, AgingValue | null>>
  readonly payables?: Readonly<Record<string, AgingValue | null>>
  readonly alerts?: Readonly<Record<string, AlertValue | null>>
}

export interface FeedEntry {
  readonly epoch: string
  readonly channel: FeedChannel
  readonly seq: number
  /** Undefined = the change was too large for the feed: read a snapshot. */
  readonly body: Body | undefined
}

export type Sequences = Readonly<Record<FeedChannel, number>>

export const NO_SEQUENCES: Sequences = { kpi: 0, aging: 0, alerts: 0 }

export interface Snapshot {
  readonly epoch: string
  /** Run of the store that answered: after a restart it may give sequence numbers of a lost tail away again. */
  readonly run: string
  readonly seqs: Sequences
  /** Last id of the feed at that instant; entries after it are news. */
  readonly lastId: string
  /** empty = the store knows no figures of the tenant; rebuilding = it has them only in part. */
  readonly state: 'whole' | 'rebuilding' | 'empty'
  readonly body: Body
  /** Aging slices of customers exist but are too many for a snapshot: read them over HTTP. */
  readonly customersOmitted: boolean
  /** The same of vendors; absent = no. */
  readonly vendorsOmitted?: boolean
}

/** As much of a run id as tells two of them apart. */
const RUN_CHARS = 8

/** Names a history: what can be continued has the same identity (F3). */
export const identityOf = (history: { readonly epoch: string; readonly run: string }): string =>
  history.epoch === NO_EPOCH ? NO_EPOCH : `${history.epoch}.${history.run.slice(0, RUN_CHARS)}`

export interface Standing {
  readonly identity: string
  readonly whole: boolean
}

export interface FeedListener {
  onEntries(tenant: string, entries: readonly FeedEntry[]): void
  /** The store is out of reach or has lost entries: every room is over. */
  onLost(reason: string): void
}

export interface FeedSource {
  snapshot(tenant: string): Promise<Snapshot>
  /** The newest part of the feed, oldest first. */
  history(tenant: string): Promise<readonly FeedEntry[]>
  /** How the tenants stand, to notice a store that was emptied in silence, or is whole again. */
  standings(tenants: readonly string[]): Promise<ReadonlyMap<string, Standing>>
  /** Entries after `lastId` go to the listener until `unfollow`. */
  follow(tenant: string, lastId: string): void
  unfollow(tenant: string): void
}
