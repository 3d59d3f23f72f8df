/**
 * What the product relies on in the engine, and that data outlives the process: types, comments, views, tokens, a kill
 * in the middle of inserts, a clean stop, two processes on one folder.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { analystOf, TestFront } from './front.ts'

const front = new TestFront()

beforeAll(async () => {
  await front.start()
  await front.sql('CREATE DATABASE finance')
}, 120_000)

afterAll(async () => {
  await front.remove()
})

const insert = async (
  table: string,
  body: string,
  params: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const reply = await front.ask({
    params: { ...params, query: `INSERT INTO ${table} FORMAT JSONEachRow` },
    body,
  })
  if (reply.status !== 200) throw new Error(reply.text)
  return (JSON.parse(String(reply.headers['x-clickhouse-summary'])) as { written_rows: string }).written_rows
}

describe('types, comments and views', () => {
  it('keep every digit and every millisecond', async () => {
    await front.sql(`CREATE TABLE finance.typed (
      tenant_id LowCardinality(String) COMMENT 'whose', line Decimal(18,4) COMMENT 'a line', sum Decimal(38,4), ratio Decimal(38,8),
      at DateTime64(3, 'UTC'), day Date, name Nullable(String), tags Array(String)
    ) ENGINE = MergeTree ORDER BY tenant_id COMMENT 'a table with a word'`)
    const row = {
      tenant_id: 'এক',
      line: '-99999999999999.9999',
      sum: '9999999999999999999999999999999999.9999',
      ratio: '-0.00000001',
      at: '2026-11-23 23:59:59.999',
      day: '2026-11-23',
      name: null,
      tags: ['ক', ''],
    }
    await insert('finance.typed', JSON.stringify(row))
    const text = await front.sql('SELECT * FROM finance.typed FORMAT JSONEachRow', {
      output_format_json_quote_decimals: '1',
    })
    expect(JSON.parse(text)).toEqual(row)
    await front.sql("ALTER TABLE finance.typed COMMENT COLUMN day 'of the document'")
    expect(
      await front.sql(
        "SELECT comment FROM system.columns WHERE table = 'typed' AND name IN ('tenant_id', 'day')",
      ),
    ).toBe('whose\nof the document\n')
    expect(await front.sql("SELECT comment FROM system.tables WHERE name = 'typed'")).toBe(
      'a table with a word\n',
    )
  })
  it('a materialized view follows its table, a view reads it', async () => {
    await front.sql(
      'CREATE TABLE finance.source (tenant_id String, id UInt64, amount Decimal(18,4)) ENGINE = MergeTree ORDER BY id',
    )
    await front.sql(
      'CREATE TABLE finance.target (tenant_id String, amount Decimal(38,4)) ENGINE = SummingMergeTree ORDER BY tenant_id',
    )
    await front.sql(
      'CREATE MATERIALIZED VIEW finance.follows TO finance.target AS SELECT tenant_id, sum(amount) AS amount FROM finance.source GROUP BY tenant_id',
    )
    await front.sql(
      'CREATE VIEW finance.total AS SELECT tenant_id, sum(amount) AS amount FROM finance.target GROUP BY tenant_id',
    )
    expect(
      await insert(
        'finance.source',
        '{"tenant_id":"a","id":1,"amount":"1.5"}\n{"tenant_id":"a","id":2,"amount":"2"}\n',
      ),
    ).toBe('3')
    expect(await front.sql('SELECT * FROM finance.total')).toBe('a\t3.5\n')
  })
  it('a replacing table collapses, mutations change, partitions drop', async () => {
    await front.sql(
      'CREATE TABLE finance.latest (id UInt64, v UInt64, w UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY id PARTITION BY id % 2',
    )
    await insert('finance.latest', '{"id":1,"v":1}\n{"id":2,"v":1}')
    await insert('finance.latest', '{"id":1,"v":2}')
    expect(await front.sql('SELECT id, v FROM finance.latest FINAL ORDER BY id')).toBe('1\t2\n2\t1\n')
    await front.sql('ALTER TABLE finance.latest UPDATE w = 9 WHERE id = 2', { mutations_sync: '2' })
    await front.sql('ALTER TABLE finance.latest DROP PARTITION 1')
    expect(await front.sql('SELECT * FROM finance.latest')).toBe('2\t1\t9\n')
  })
})

describe('insert_deduplication_token', () => {
  const ROW = '{"id":1,"amount":"1"}'
  beforeAll(async () => {
    await front.sql(
      'CREATE TABLE finance.once (id UInt64, amount Decimal(18,4)) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
    )
    await front.sql(
      'CREATE TABLE finance.once_sum (k UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY k SETTINGS non_replicated_deduplication_window = 100',
    )
    await front.sql(
      'CREATE MATERIALIZED VIEW finance.once_mv TO finance.once_sum AS SELECT 1 AS k, count() AS n FROM finance.once GROUP BY k',
    )
  })
  const counts = async (): Promise<string> =>
    `${(await front.sql('SELECT count() FROM finance.once')).trim()} ${(await front.sql('SELECT sum(n) FROM finance.once_sum')).trim()}`
  it('a token inserts once, in the table and in the views that depend on it', async () => {
    const params = {
      insert_deduplication_token: 'e1:t:0:0-9',
      deduplicate_blocks_in_dependent_materialized_views: '1',
    }
    await insert('finance.once', ROW, params)
    await insert('finance.once', ROW, params)
    expect(await counts()).toBe('1 1')
    await insert('finance.once', ROW, { ...params, insert_deduplication_token: 'e1:t:0:10-19' })
    expect(await counts()).toBe('2 2')
  })
  it('still inserts once after the process was killed', async () => {
    const params = {
      insert_deduplication_token: 'e1:t:0:10-19',
      deduplicate_blocks_in_dependent_materialized_views: '1',
    }
    await front.end('SIGKILL')
    await front.start()
    await insert('finance.once', ROW, params)
    expect(await counts()).toBe('2 2')
  }, 60_000)
})

describe('the process', () => {
  it('loses no answered insert when it is killed in the middle of others', async () => {
    await front.sql('CREATE TABLE finance.kept (id UInt64, note String) ENGINE = MergeTree ORDER BY id')
    const answered: number[] = []
    let stopped = false
    const writer = async (lane: number): Promise<void> => {
      for (let number = 0; !stopped; number += 1) {
        const id = lane * 1_000_000 + number
        try {
          await insert('finance.kept', `{"id":${id},"note":"${'x'.repeat(1_000)}"}`)
          answered.push(id)
        } catch {
          return
        }
      }
    }
    const writers = [writer(0), writer(1), writer(2)]
    while (answered.length < 60) await new Promise((resolve) => setTimeout(resolve, 10))
    await front.end('SIGKILL')
    stopped = true
    await Promise.all(writers)
    await front.start()
    const kept = new Set((await front.sql('SELECT id FROM finance.kept')).trim().split('\n').map(Number))
    expect(answered.filter((id) => !kept.has(id))).toEqual([])
    // At most one more for each writer: inserted, and killed before it was answered.
    expect(kept.size - answered.length).toBeLessThanOrEqual(3)
    expect(
      await front.sql('SELECT count() - uniqExact(id), countIf(length(note) != 1000) FROM finance.kept'),
    ).toBe('0\t0\n')
    expect(readdirSync(join(front.dataDir, 'uploads'))).toEqual([])
  }, 120_000)

  it('keeps tables, views and the filters of analysts over a kill', async () => {
    await front.sql("INSERT INTO finance.source VALUES ('b', 9, 9)")
    await front.end('SIGKILL')
    await front.start()
    expect((await front.sql('SELECT * FROM finance.total ORDER BY tenant_id')).trim()).toBe('a\t3.5\nb\t9')
    expect((await front.ask({ ...analystOf('b'), body: 'SELECT * FROM total' })).text).toBe('b\t9\n')
  }, 60_000)

  it('answers what it has begun, then stops with 0', async () => {
    const slow = front.sql('SELECT sleep(1), 7')
    await new Promise((resolve) => setTimeout(resolve, 200))
    const ended = front.end('SIGTERM')
    expect(await slow).toBe('0\t7\n')
    expect(await ended).toBe(0)
    await front.start()
    expect(await front.sql('SELECT count() > 0 FROM finance.kept')).toBe('1\n')
  }, 60_000)

  it('refuses a folder that another process serves from', async () => {
    const second = new TestFront(front.dataDir)
    await expect(second.start()).rejects.toThrow(/already serves ClickHouse|ended before/)
    expect(await front.sql('SELECT 1')).toBe('1\n')
  }, 60_000)
})
