/** Channel names: `kpi:TENANT`, `aging:TENANT`, `alerts:TENANT`, `dashboard:TENANT` (all). Owns their reading and their offsets. */
import { TENANT_ID } from '../../schemas/values/ids.ts'
import { type Body, FEED_CHANNELS, type FeedChannel, identityOf, type Sequences } from './feed.ts'

export type ChannelKind = FeedChannel | 'dashboard'

export interface Channel {
  readonly name: string
  readonly kind: ChannelKind
  readonly tenant: string
}

const FEEDS: Readonly<Record<ChannelKind, readonly FeedChannel[]>> = {
  kpi: ['kpi'],
  aging: ['aging'],
  alerts: ['alerts'],
  dashboard: FEED_CHANNELS,
}

export function parseChannel(name: string): Channel | undefined {
  const at = name.indexOf(':')
  const kind = name.slice(0, Math.max(at, 0))
  const tenant = name.slice(at + 1)
  if (!Object.hasOwn(FEEDS, kind) || !TENANT_ID.test(tenant)) return undefined
  return { name, kind: kind as ChannelKind, tenant }
}

export const carries = (kind: ChannelKind, feed: FeedChannel): boolean => FEEDS[kind].includes(feed)

/**
 * Offset of a channel. Each feed entry raises exactly one feed's sequence by one, so the sum over a channel's feeds is
 * contiguous as well.
 */
export const offsetOf = (kind: ChannelKind, seqs: Sequences): number =>
  FEEDS[kind].reduce((sum, feed) => sum + seqs[feed], 0)

/** An epoch names which feeds the sum is over: a channel that gains a feed starts a new history. */
export const epochOf = (
  kind: ChannelKind,
  history: { readonly epoch: string; readonly run: string },
): string => (kind === 'dashboard' ? `${identityOf(history)}.${FEEDS.dashboard.length}` : identityOf(history))

export const bodyOf = (kind: ChannelKind, body: Body): Body => ({
  ...(body.kpis && carries(kind, 'kpi') ? { kpis: body.kpis } : {}),
  ...(body.aging && carries(kind, 'aging') ? { aging: body.aging } : {}),
  ...(body.payables && carries(kind, 'aging') ? { payables: body.payables } : {}),
  ...(body.alerts && carries(kind, 'alerts') ? { alerts: body.alerts } : {}),
})
