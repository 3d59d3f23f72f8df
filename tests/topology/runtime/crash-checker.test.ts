/** The checker of the crash matrix takes the history of a good run, and none that was spoiled. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import { random, topics } from './cluster.ts'
import { wrongs } from './crash-checker.ts'
import { feed } from './crash-feed.ts'
import type { History, PartitionHistory } from './crash-history.ts'
import { historyOf, Run } from './crash-matrix.ts'
import { failed, HOUR } from './toy.ts'

type Topic = 'results' | 'alerts' | 'history' | 'dlq' | 'late' | 'checkpoints' | 'log'
type KpiResult = { revision: number; asOf: number; epoch: number; logTime: number }

let good: History
/** Results and alerts of transactions that were aborted, by partition. */
let aborted: readonly { readonly results: readonly InputRecord[]; readonly alerts: readonly InputRecord[] }[]

beforeAll(async () => {
  const run = new Run(4)
  const { cluster } = run
  for (const step of ['written', 'produced', 'offsets'] as const) {
    await run.suffer({ kind: 'kill', step, nth: 2 })
    feed(cluster, random(5), 60)
    // An id that is forgotten, and two that come too late.
    cluster.append(failed({ tenantId: 'beta', aggregateVersion: null, recordedAt: cluster.nowMs }))
    cluster.nowMs += 30 * HOUR
    for (let i = 0; i < 2; i++)
      cluster.append(
        failed({ tenantId: 'beta', aggregateVersion: null, recordedAt: cluster.nowMs - 90 * HOUR }),
      )
  }
  await run.suffer({ kind: 'rebalance', step: 'cut', nth: 1 })
  expect(await run.finish()).toEqual([])
  good = historyOf(cluster)
  aborted = good.partitions.map(({ partition }) => ({
    results: cluster.broker.log(topics.results, partition).aborted,
    alerts: cluster.broker.log('finance.alerts.v1', partition).aborted,
  }))
})

/** The history with one partition changed. */
const spoil = (
  partition: number,
  change: (part: PartitionHistory) => Partial<PartitionHistory>,
): History => ({
  ...good,
  partitions: good.partitions.map((part) =>
    part.partition === partition ? { ...part, ...change(part) } : part,
  ),
})
const change = (topic: Topic, edit: (records: readonly InputRecord[]) => readonly InputRecord[]): History => {
  const { partition } = good.partitions.find((part) => part[topic].length > 1) as PartitionHistory
  return spoil(partition, (part) => ({ [topic]: edit(part[topic]) }))
}
const drop = (topic: Topic, which: (records: readonly InputRecord[]) => number): History =>
  change(topic, (records) => records.toSpliced(which(records), 1))
const double = (topic: Topic, at: number): History =>
  change(topic, (records) => records.toSpliced(at, 0, records[at] as InputRecord))
const swap = (topic: Topic, at: number): History =>
  change(topic, (records) =>
    records.with(at, records[at + 1] as InputRecord).with(at + 1, records[at] as InputRecord),
  )

const decoded = ({ value }: InputRecord): KpiResult => {
  const result = TEST_CODEC.decode(value)
  if (!result.ok || result.type !== 'KpiResult') throw new Error('not a result')
  return result.data
}
const rewritten = (record: InputRecord, fields: (data: KpiResult) => Partial<KpiResult>): InputRecord => {
  const data = decoded(record)
  return { ...record, value: TEST_CODEC.encode('KpiResult', { ...data, ...fields(data) } as never) }
}
const editResult = (at: number, fields: (data: KpiResult) => Partial<KpiResult>): History =>
  change('results', (records) => records.with(at, rewritten(records.at(at) as InputRecord, fields)))

/** A result that another one of its cut stands beside. */
const inCompany = (records: readonly InputRecord[]): number =>
  records.findIndex((record, i) => {
    const next = records[i + 1]
    return next !== undefined && decoded(next).revision === decoded(record).revision
  })
const newestOfItsKey = (records: readonly InputRecord[]): number =>
  records.findLastIndex(({ key }) => String(key).includes('|tally|'))
const rerouted = (records: readonly InputRecord[]): number =>
  records.findIndex(({ headers }) => headers['nikash-rerouted'] !== undefined)
const manifestAt = (records: readonly InputRecord[], last = false): number => {
  const is = ({ key }: InputRecord): boolean => String(key).endsWith('|manifest')
  return last ? records.findLastIndex(is) : records.findIndex(is)
}
const editManifest = (edit: (manifest: Record<string, unknown>) => object): History =>
  change('checkpoints', (records) => {
    const at = manifestAt(records, true)
    const record = records[at] as InputRecord
    const manifest = JSON.parse(String(record.value)) as Record<string, unknown>
    return records.with(at, {
      ...record,
      value: Buffer.from(JSON.stringify({ ...manifest, ...edit(manifest) })),
    })
  })
const same = (one: Buffer | null, other: Buffer | null): boolean =>
  one === null || other === null ? one === other : one.equals(other)
/** Where the newest state of a cell of the toys stands, if the cell still is. */
const newestOf = (records: readonly InputRecord[], { key }: InputRecord): number => {
  const at = records.findLastIndex((record) => String(record.key) === String(key))
  return /\|cell\|(items|tally)\|/.test(String(key)) && records[at]?.value != null ? at : -1
}
const cellOf = (records: readonly InputRecord[], store: string): number =>
  records.findLastIndex(({ key, value }) => value !== null && String(key).includes(`|cell|${store}|`))
const withAborted = (topic: 'results' | 'alerts', where: 'at their offset' | 'last'): History => {
  const partition = aborted.findIndex((one) => one[topic].length > 0)
  return spoil(partition, (part) => {
    const all = [...part[topic], ...(aborted[partition]?.[topic] ?? [])]
    return { [topic]: where === 'last' ? all : all.toSorted((a, b) => a.offset - b.offset) }
  })
}
const position = (by: number) =>
  spoil(0, (part) => ({ committed: { ...part.committed, offset: part.committed.offset + by } }))

/** How each history was spoiled, and what the checker must say of it. */
const MUTANTS: Readonly<Record<string, readonly [() => History, RegExp]>> = {
  'a result missing beside others of its cut': [() => drop('results', inCompany), /no result of it/],
  'the newest result of a key missing': [() => drop('results', newestOfItsKey), /no result of it|newest/],
  'the newest results undone: a stale value stands': [
    () =>
      change('results', (records) => {
        const at = newestOfItsKey(records)
        const { key } = records[at] as InputRecord
        const old = records.find((record) => String(record.key) === String(key)) as InputRecord
        return [...records, old]
      }),
    /newest/,
  ],
  'a value off by one': [() => editResult(3, ({ asOf }) => ({ asOf: asOf + 1 })), /not what the log gives/],
  'the last value off by one': [() => editResult(-1, ({ asOf }) => ({ asOf: asOf + 1 })), /newest/],
  'a revision off by one': [() => editResult(3, ({ revision }) => ({ revision: revision + 1 })), /revision/],
  'a revision beyond the log': [() => editResult(-1, () => ({ revision: 1_000_000 })), /where no record is/],
  'another epoch': [() => editResult(3, ({ epoch }) => ({ epoch: epoch + 1 })), /not what the log gives/],
  'a log time off by one': [() => editResult(3, ({ logTime }) => ({ logTime: logTime + 1 })), /not what/],
  'a result that is none': [
    () =>
      change('results', (records) =>
        records.with(2, { ...(records[2] as InputRecord), value: Buffer.from('x') }),
      ),
    /is none/,
  ],
  'a result of nobody': [
    () =>
      change('results', (records) => {
        const record = rewritten(records[0] as InputRecord, () => ({ asOf: 0 }))
        return records.toSpliced(1, 0, { ...record, key: Buffer.from('nobody|tally|') })
      }),
    /nobody/,
  ],
  'results of an aborted transaction, seen late': [() => withAborted('results', 'last'), /comes after/],
  'alerts of an aborted transaction': [() => withAborted('alerts', 'at their offset'), /alerts/],
  'an alert doubled': [() => double('alerts', 2), /alerts/],
  'an alert missing': [() => drop('alerts', () => 2), /alerts/],
  'the last alert missing': [() => drop('alerts', (records) => records.length - 1), /alerts.*missing/],
  'the last alert doubled': [
    () => change('alerts', (records) => [...records, records.at(-1) as InputRecord]),
    /alerts: \d+ records, must be/,
  ],
  'two alerts in the wrong order': [() => swap('alerts', 1), /alerts/],
  'a timer fact doubled': [() => double('history', 0), /history/],
  'a timer fact missing': [() => drop('history', () => 0), /history/],
  'a dead letter missing': [() => drop('dlq', () => 1), /dlq/],
  'the bytes of a dead letter changed': [
    () =>
      change('dlq', (records) => {
        const at = records.findIndex(({ value }) => value !== null)
        const record = records[at] as InputRecord
        return records.with(at, {
          ...record,
          value: Buffer.concat([record.value as Buffer, Buffer.from('.')]),
        })
      }),
    /dlq/,
  ],
  'a dead letter that names another offset': [
    () =>
      change('dlq', (records) => {
        const record = records[0] as InputRecord
        const offset = { 'nikash-dlq-offset': Buffer.from('999999') }
        return records.with(0, { ...record, headers: { ...record.headers, ...offset } })
      }),
    /dlq/,
  ],
  'a late record missing': [() => drop('late', () => 0), /late/],
  'a reroute doubled': [
    () =>
      change('log', (records) => {
        const record = records[rerouted(records)] as InputRecord
        // Where nothing is: behind the end.
        return [...records, { ...record, offset: (records.at(-1)?.offset ?? 0) + 1 }]
      }),
    /reroutes/,
  ],
  'a reroute missing': [() => drop('log', rerouted), /reroutes/],
  'an offset committed too high': [() => position(1_000), /is committed, the log ends/],
  'an offset committed too low': [() => position(-5), /is committed, the last record/],
  'a transaction that hangs': [
    () => spoil(1, ({ ends }) => ({ ends: ends.with(0, { ...(ends[0] as (typeof ends)[0]), stable: 3 }) })),
    /a transaction holds/,
  ],
  'a checkpoint above the committed offset': [
    () => editManifest(({ offset }) => ({ offset: Number(offset) + 1_000 })),
    /above the committed offset/,
  ],
  'a checkpoint one record too far': [
    () => editManifest(({ offset }) => ({ offset: Number(offset) - 1 })),
    /holds another state|its fence/,
  ],
  'a checkpoint of another epoch': [() => editManifest(() => ({ epoch: 9 })), /of epoch 9/],
  'a cell of a checkpoint missing': [
    () => drop('checkpoints', (all) => cellOf(all, 'tally')),
    /holds another state/,
  ],
  'a cell of a checkpoint from an older one': [
    () =>
      change('checkpoints', (records) => {
        // How often a cell was written is a matter of time: any that was will do.
        const older = ({ key, value }: InputRecord): InputRecord | undefined =>
          records.find((record) => String(record.key) === String(key) && !same(record.value, value))
        const at = records.findLastIndex((record, i) => i === newestOf(records, record) && older(record))
        const { value } = older(records[at] as InputRecord) as InputRecord
        return records.with(at, { ...(records[at] as InputRecord), value })
      }),
    /holds another state/,
  ],
  'a checkpoint that its fence does not know': [
    () => drop('checkpoints', (records) => manifestAt(records, true)),
    /its fence/,
  ],
}

describe('the checker of histories', () => {
  it('finds nothing wrong with a good run', () => {
    expect(wrongs(good)).toEqual([])
    const [part] = good.partitions
    for (const topic of ['results', 'alerts', 'history', 'dlq', 'late', 'checkpoints'] as const)
      expect([topic, good.partitions.flatMap((one) => one[topic]).length]).not.toEqual([topic, 0])
    expect(part?.log.length).toBeGreaterThan(50)
  })

  it('has enough to refuse', () => expect(Object.keys(MUTANTS).length).toBeGreaterThanOrEqual(12))

  it.each(Object.entries(MUTANTS))('refuses %s', (_, [mutant, reason]) => {
    expect(wrongs(mutant()).join('\n')).toMatch(reason)
  })
})
