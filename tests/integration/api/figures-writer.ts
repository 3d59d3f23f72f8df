/** Writes live figures into Redis by the contract's shapes, each change in one step, as the sink does. */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import {
  type AgingValue,
  customerField,
  FEED_MAX_ENTRIES,
  keysOf,
  type KpiMeta,
  type KpiValue,
  META_FIELD,
  parseRunId,
  TOTAL_FIELD,
} from '../../../sinks/redis/contract.ts'

export class FiguresWriter {
  private readonly redis: Redis
  private revision = 0

  constructor(redis: Redis) {
    this.redis = redis
  }

  /** Declares the tenant's values whole for the running server. */
  async sync(tenant: string): Promise<void> {
    await this.redis.set(keysOf(tenant).sync, parseRunId(await this.redis.info('server')))
  }

  async kpi(tenant: string, measures: Readonly<Record<string, string>>, window = '30d'): Promise<void> {
    const revision = ++this.revision
    const meta: KpiMeta = {
      tenantId: tenant,
      asOf: '2026-03-01',
      from: '2026-01-31',
      to: '2026-03-01',
      partial: false,
      currency: 'BDT',
      logTime: Date.now(),
      epoch: 1,
      revision,
    }
    const values: Record<string, KpiValue> = {}
    for (const [name, value] of Object.entries(measures)) {
      values[name] = {
        value,
        unit: name === 'dso' ? 'days' : 'BDT',
        inputs: { sum: value },
        epoch: 1,
        revision,
      }
    }
    const fields = [
      META_FIELD,
      JSON.stringify(meta),
      ...Object.entries(values).flatMap(([n, v]) => [n, JSON.stringify(v)]),
    ]
    await this.write(tenant, 'kpi', keysOf(tenant).kpi(window), fields, {
      windows: { [window]: { meta, measures: values } },
    })
  }

  async aging(tenant: string, totals: Readonly<Record<string, string>>): Promise<void> {
    const revision = ++this.revision
    const slices: Record<string, AgingValue> = {}
    for (const [slice, total] of Object.entries(totals)) {
      slices[slice === TOTAL_FIELD ? TOTAL_FIELD : customerField(slice)] = {
        asOf: '2026-03-01',
        currency: 'BDT',
        ...(slice === TOTAL_FIELD ? {} : { customerName: `Customer ${slice}` }),
        due: [total, '0.00', '0.00', '0.00', '0.00'],
        posting: ['0.00', total, '0.00', '0.00', '0.00'],
        unapplied: '0.00',
        disputed: '0.00',
        total,
        openItems: 1,
        logTime: Date.now(),
        offset: revision,
        epoch: 1,
        revision,
      }
    }
    const fields = Object.entries(slices).flatMap(([name, value]) => [name, JSON.stringify(value)])
    await this.write(tenant, 'aging', keysOf(tenant).aging, fields, { slices })
  }

  private async write(
    tenant: string,
    channel: 'kpi' | 'aging',
    key: string,
    fields: string[],
    data: unknown,
  ) {
    const keys = keysOf(tenant)
    const epoch = (await this.redis.hget(keys.seq, 'epoch')) ?? randomUUID()
    const seq = Number((await this.redis.hget(keys.seq, channel)) ?? 0) + 1
    const replies = await this.redis
      .multi()
      .hset(keys.seq, 'epoch', epoch, channel, seq)
      .hset(key, ...fields)
      .xadd(
        keys.feed,
        'MAXLEN',
        '~',
        FEED_MAX_ENTRIES,
        '*',
        'channel',
        channel,
        'seq',
        seq,
        'epoch',
        epoch,
        'data',
        JSON.stringify(data),
      )
      .exec()
    for (const [error] of replies ?? []) if (error) throw error
  }
}
