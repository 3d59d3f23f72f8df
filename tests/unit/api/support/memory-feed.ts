/** A feed in memory with the rules of the one in Redis; news are delivered by hand, so that a test owns the order. */
import type { AgingValue, KpiMeta, KpiValue } from '../../../../sinks/redis/contract.ts'
import {
  type Body,
  type FeedChannel,
  type FeedEntry,
  type FeedListener,
  type FeedSource,
  identityOf,
  NO_SEQUENCES,
  type Snapshot,
  type Standing,
} from '../../../../api/live/feed.ts'

export const kpiBody = (dso: string, logTime = 1_700_000_000_000): Body => {
  const meta: KpiMeta = {
    tenantId: 'acme',
    asOf: '2026-03-01',
    from: '2026-01-31',
    to: '2026-03-01',
    partial: false,
    currency: 'BDT',
    logTime,
    epoch: 1,
    revision: logTime,
  }
  const value: KpiValue = { value: dso, unit: 'days', inputs: {}, epoch: 1, revision: logTime }
  return { kpis: { '30d': { meta, measures: { dso: value } } } }
}

export const agingBody = (total: string, field = 'total', logTime = 1_700_000_000_000): Body => {
  const value: AgingValue = {
    asOf: '2026-03-01',
    currency: 'BDT',
    due: [total, '0', '0', '0', '0'],
    posting: [total, '0', '0', '0', '0'],
    unapplied: '0.00',
    disputed: '0.00',
    total,
    openItems: 1,
    logTime,
    offset: 1,
    epoch: 1,
    revision: logTime,
  }
  return { aging: { [field]: value } }
}

interface Tenant {
  epoch: string
  run: string
  seqs: Record<FeedChannel, number>
  body: Body
  entries: FeedEntry[]
  followed: number | undefined
  whole: boolean
}

export class MemoryFeed implements FeedSource {
  listener: FeedListener | undefined
  failing = false
  snapshots = 0
  histories = 0
  /** When set, a snapshot is read at once but answered only when the gate opens. */
  gate: Promise<void> | undefined
  private readonly tenants = new Map<string, Tenant>()

  tenant(name: string): Tenant {
    let tenant = this.tenants.get(name)
    if (!tenant) {
      tenant = {
        epoch: 'e1',
        run: 'r1',
        seqs: { ...NO_SEQUENCES },
        body: {},
        entries: [],
        followed: undefined,
        whole: true,
      }
      this.tenants.set(name, tenant)
    }
    return tenant
  }

  /** As the sink does: values, sequence and feed change in one step. Readers see it only after `deliver`. */
  write(name: string, body: Body): void {
    const tenant = this.tenant(name)
    const channel: FeedChannel = body.kpis ? 'kpi' : 'aging'
    tenant.seqs[channel]++
    tenant.body = {
      kpis: { ...tenant.body.kpis, ...body.kpis },
      aging: { ...tenant.body.aging, ...body.aging },
    }
    tenant.entries.push({ epoch: tenant.epoch, channel, seq: tenant.seqs[channel], body })
  }

  writeReset(name: string, channel: FeedChannel): void {
    const tenant = this.tenant(name)
    tenant.seqs[channel]++
    tenant.entries.push({ epoch: tenant.epoch, channel, seq: tenant.seqs[channel], body: undefined })
  }

  /** Hands what was written since the last time to the listener. */
  deliver(name: string): void {
    const tenant = this.tenant(name)
    if (tenant.followed === undefined) return
    const news = tenant.entries.slice(tenant.followed)
    tenant.followed = tenant.entries.length
    if (news.length > 0) this.listener?.onEntries(name, news)
  }

  publish(name: string, body: Body): void {
    this.write(name, body)
    this.deliver(name)
  }

  /** The store was emptied and begins anew. */
  flush(name: string, epoch: string): void {
    const tenant = this.tenant(name)
    Object.assign(tenant, { epoch, seqs: { ...NO_SEQUENCES }, body: {}, entries: [] })
    if (tenant.followed !== undefined) tenant.followed = 0
  }

  /** Drops all but the newest `keep` entries, as MAXLEN does. */
  trim(name: string, keep: number): void {
    const tenant = this.tenant(name)
    const dropped = Math.max(0, tenant.entries.length - keep)
    tenant.entries.splice(0, dropped)
    if (tenant.followed !== undefined) tenant.followed = Math.max(0, tenant.followed - dropped)
  }

  isFollowed(name: string): boolean {
    return this.tenant(name).followed !== undefined
  }

  async snapshot(name: string): Promise<Snapshot> {
    this.snapshots++
    if (this.failing) throw new Error('out of reach')
    const tenant = this.tenant(name)
    const state = Object.keys(tenant.body).length === 0 ? 'empty' : tenant.whole ? 'whole' : 'rebuilding'
    const { epoch, run, body } = tenant
    const snapshot: Snapshot = {
      epoch,
      run,
      body,
      state,
      seqs: { ...tenant.seqs },
      lastId: String(tenant.entries.length),
      customersOmitted: false,
    }
    await this.gate
    return snapshot
  }

  async history(name: string): Promise<readonly FeedEntry[]> {
    this.histories++
    if (this.failing) throw new Error('out of reach')
    return [...this.tenant(name).entries]
  }

  async standings(names: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    return new Map(
      names.map((name) => [
        name,
        { identity: identityOf(this.tenant(name)), whole: this.tenant(name).whole },
      ]),
    )
  }

  follow(name: string, lastId: string): void {
    this.tenant(name).followed = Number(lastId)
  }

  unfollow(name: string): void {
    this.tenant(name).followed = undefined
  }
}
