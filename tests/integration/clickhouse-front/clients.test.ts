/**
 * Clients of other people, unchanged: @clickhouse/client, and clickhouse-connect where NIKASH_PYTHON names a Python
 * that has it. What they write is read back and compared.
 */
import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { analystOf, TestFront, WRITER } from './front.ts'

const front = new TestFront()
const python = process.env['NIKASH_PYTHON'] ?? ''
const SCRIPT = fileURLToPath(new URL('./clickhouse-connect-client.py', import.meta.url))
const quiet = { level: 127 } as const

beforeAll(async () => {
  await front.start()
  await front.sql('CREATE DATABASE finance')
  await front.sql(`CREATE TABLE finance.js (tenant_id LowCardinality(String), id UInt64, name Nullable(String), amount Decimal(38,4), at DateTime64(3, 'UTC'))
    ENGINE = MergeTree ORDER BY (tenant_id, id) SETTINGS non_replicated_deduplication_window = 100`)
}, 120_000)

afterAll(async () => {
  await front.remove()
})

const rows = Array.from({ length: 2_000 }, (_, id) => ({
  tenant_id: id % 2 === 0 ? 'a' : 'b',
  id: String(id),
  name: id % 3 === 0 ? null : `নাম "${id}"\n`,
  amount: `${id}.0001`,
  at: '2026-11-23 10:00:00.123',
}))

describe('@clickhouse/client', () => {
  describe.each([false, true])('compression %s', (compressed) => {
    const client = () =>
      createClient({
        url: front.url,
        username: WRITER.user,
        password: WRITER.password,
        database: 'finance',
        log: quiet,
        compression: { request: compressed, response: compressed },
      })
    it('pings, makes tables, inserts arrays and streams, reads them back', async () => {
      const writer = client()
      expect(await writer.ping()).toEqual({ success: true })
      await writer.command({ query: 'TRUNCATE TABLE js' })
      const settings = {
        insert_deduplication_token: `token-${compressed}`,
        async_insert: 1,
        wait_for_async_insert: 1,
      } as const
      const inserted = await writer.insert({
        table: 'js',
        values: rows,
        format: 'JSONEachRow',
        clickhouse_settings: settings,
      })
      expect(inserted.summary?.written_rows).toBe('2000')
      await writer.insert({ table: 'js', values: rows, format: 'JSONEachRow', clickhouse_settings: settings })
      const read = await writer.query({
        query: 'SELECT * FROM js ORDER BY id',
        format: 'JSONEachRow',
        clickhouse_settings: {
          output_format_json_quote_64bit_integers: 1,
          output_format_json_quote_decimals: 1,
        },
      })
      expect(await read.json()).toEqual(rows)
      const csv = Readable.from(['"c",1\n', '"c",2\n'], { objectMode: false })
      await writer.insert({ table: 'js', values: csv, format: 'CSV', columns: ['tenant_id', 'id'] })
      const counted = await writer.query({
        query:
          'SELECT toUInt32(count()) AS n FROM js WHERE tenant_id = {tenant:String} OR name = {name:String}',
        query_params: { tenant: 'c', name: 'নাম "1"\n' },
        format: 'JSON',
      })
      expect((await counted.json<{ n: number }>()).data).toEqual([{ n: 3 }])
      await writer.close()
    })
    it('streams and gets typed errors', async () => {
      const writer = client()
      const stream = (
        await writer.query({ query: 'SELECT number FROM numbers(100000)', format: 'JSONEachRow' })
      ).stream()
      let seen = 0
      for await (const part of stream) seen += part.length
      expect(seen).toBe(100_000)
      await expect(writer.query({ query: 'SELECT nope' })).rejects.toMatchObject({
        code: '47',
        type: 'UNKNOWN_IDENTIFIER',
      })
      await expect(
        writer.insert({ table: 'js', values: [{ id: 'x' }], format: 'JSONEachRow' }),
      ).rejects.toMatchObject({ code: '27' })
      await writer.close()
    })
  })
  it('an analyst reads only its rows and writes none', async () => {
    const { user, password } = analystOf('a')
    const analyst = createClient({ url: front.url, username: user, password, log: quiet })
    const read = await analyst.query({
      query: 'SELECT DISTINCT tenant_id FROM finance.js',
      format: 'JSONEachRow',
    })
    expect(await read.json()).toEqual([{ tenant_id: 'a' }])
    await expect(analyst.command({ query: 'TRUNCATE TABLE finance.js' })).rejects.toMatchObject({
      code: '497',
    })
    await expect(
      analyst.insert({ table: 'finance.js', values: rows, format: 'JSONEachRow' }),
    ).rejects.toMatchObject({ code: '164' })
    await analyst.close()
  })
})

const withPython = python === '' ? describe.skip : describe
withPython(`clickhouse-connect${python === '' ? ' (skipped: NIKASH_PYTHON not set)' : ''}`, () => {
  it('writes Native in every compression, reads frames and blocks, keeps sessions; an analyst is fenced in', async () => {
    const analyst = analystOf('a')
    const args = [SCRIPT, String(front.port), WRITER.user, WRITER.password, analyst.user, analyst.password]
    const { stdout } = await promisify(execFile)(python, args, { timeout: 100_000 })
    expect(JSON.parse(stdout)).toEqual({
      roundTrips: {
        true: [3000, true],
        false: [3000, true],
        lz4: [3000, true],
        zstd: [3000, true],
        gzip: [3000, true],
      },
      written: 3000,
      parameters: [[1, 5]],
      streamed: 150_000,
      raw: 2,
      temporary: [[1], [2]],
      errors: { query: 47, password: 516, analystWrites: 497, analystFile: 497, analystInserts: 164 },
      analyst: [['a', 1500]],
      tables: ['js', 'py'],
    })
  }, 120_000)
})
