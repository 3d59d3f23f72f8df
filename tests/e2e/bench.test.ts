/** The benchmarks run, count only exact results, and print the line that scripts read. Small: figures mean nothing here. */
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'
import { generate } from '../bench/r1/events.ts'
import { rowCodec } from '../../processors/runtime/state/row-codec.ts'
import type { BenchEvent } from '../bench/r1/job.ts'
import { nikash } from '../support/cli.ts'
import { companies, type Document } from '../bench/reads/documents.ts'
import { expectedAging } from '../bench/reads/oracle.ts'
import { wrongIn } from '../bench/reads/questions.ts'
import { describeStack } from '../support/stack.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

async function bench(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)('./nikash', ['bench', ...args, '-o', 'json'], {
    cwd: ROOT,
    timeout: 180_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
}

describeStack('the benchmarks', ['stateFile'], (stack) => {
  it('r1 gives exact results with checkpoints inside, and says null for peers that are not there', async () => {
    const line = await bench(
      'r1',
      '--events',
      '20000',
      '--peer',
      mkdtempSync(path.join(tmpdir(), 'no-peers-')),
    )
    expect(line).toMatchObject({ equal: true, kafkaStreams: null, flink: null, ratioFlink: null })
    expect(line['checkpoints']).toBeGreaterThanOrEqual(3)
    for (const name of ['ours', 'floor', 'commits', 'checkpointBytes']) expect(line[name]).toBeGreaterThan(0)
  }, 200_000)

  it('reads gives answers that are sums of what was written, by the API and by the stores', async () => {
    // A thousand facts of three tenants; figures mean nothing here.
    const small = ['--events', '1000', '--tenants', '3', '--rate', '40', '--seconds', '2', '-o', 'json']
    const { stdout, stderr } = await nikash(stack.stateFile, ['bench', 'reads', ...small], 180_000)
    const line = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      counts: boolean
      wrong: number
      parts: { name: string; asked: number; answered: number; errors: number; ms: { p99: number } }[]
    }
    expect([line.counts, line.wrong, stderr]).toEqual([true, 0, ''])
    expect(line.parts.map(({ name, asked, errors }) => [name, asked, errors])).toEqual([
      ['today, API', 80, 0],
      ['today, Redis', 80, 0],
      ['other days, API', 2, 0],
      ['other days, ClickHouse', 2, 0],
      ['other days, API, kept', 2, 0],
    ])
    for (const { ms } of line.parts) expect(ms.p99).toBeGreaterThan(0)
  }, 200_000)

  it('restore brings every open invoice back', async () => {
    const line = await bench('restore', '--events', '4000')
    expect(line).toMatchObject({ items: 4_000, equal: true })
    expect(line['secondsToLive']).toBeGreaterThan(0)
  }, 200_000)
})

it('rows are exact for every whole number that they may hold', () => {
  const edges = [
    0,
    1,
    -1,
    63,
    64,
    -64,
    -65,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32 + 7,
    2 ** 51,
    -(2 ** 51),
    2 ** 52,
    -(2 ** 52),
    4e15,
  ]
  const [row, one] = [rowCodec(edges.length), rowCodec(1)]
  expect(row.decode(row.encode(edges) as Buffer, 1)).toEqual(edges)
  for (const n of edges) expect(one.decode(one.encode([n]) as Buffer, 1)).toEqual([n])
})

it('the events are the same in every run, and their sums are those of the events', () => {
  const one = generate({ events: 500, tenants: 3 })
  const events = [...one.events]
  expect(events).toEqual([...generate({ events: 500, tenants: 3 }).events])
  const amountOf = (event: BenchEvent) => Number(BigInt(`0x${event.amount.toString('hex')}`))
  for (const { tenant, ar } of one.results()) {
    const mine = events.filter((event) => event.tenantId === tenant)
    const sign = (event: BenchEvent) => (event.type === 'INVOICE_ISSUED' ? 1 : -1)
    expect(ar).toBe(mine.reduce((sum, event) => sum + sign(event) * amountOf(event), 0))
  }
})

it('the companies of reads are the same in every run, skewed, and paid for no more than they were sent', () => {
  const size = { tenants: 5, facts: 2_000, today: 20_786 }
  const all = companies(size)
  expect(all).toEqual(companies(size))
  const facts = all.map(({ documents }) => 2 * documents.length)
  expect(facts.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(1_980)
  expect(facts[0]).toBeGreaterThan(2 * (facts.at(-1) ?? 0))
  for (const { documents } of all) {
    const left = documents.map((one) => (one.kind === 'invoice' ? one.net + one.vat : 0))
    for (const one of documents) {
      if (one.kind !== 'payment') continue
      left[one.invoice] = (left[one.invoice] ?? 0) - one.applied
      expect([left[one.invoice]! >= 0, one.amount >= one.applied]).toEqual([true, true])
    }
  }
})

it('what is expected of aging is what a hand counts, and a wrong answer is found', () => {
  const invoice = { kind: 'invoice', customer: 0, disputed: false } as const
  const documents: Document[] = [
    { ...invoice, day: 100, due: 110, net: 1_000, vat: 150 },
    { ...invoice, day: 101, due: 200, net: 200, vat: 30, disputed: true },
    { kind: 'payment', day: 120, customer: 0, amount: 700, invoice: 0, applied: 650 },
    { ...invoice, day: 151, due: 160, net: 10_000, vat: 1_500 },
  ]
  // Day 150: 500 open since day 110 (40 days), 230 not due; posted 50 and 49 days ago; 50 paid on account.
  expect(expectedAging(documents, 150)).toEqual({
    due: [230, 0, 500, 0, 0],
    posting: [0, 0, 730, 0, 0],
    unapplied: -50,
    disputed: 230,
    total: 680,
    openItems: 2,
  })
  const body = { total: { amount: '6.80' }, buckets: [{ amount: { amount: '2.30' } }] }
  expect(wrongIn(body, { 'total.amount': '6.80', 'buckets.0.amount.amount': '2.30' })).toBeUndefined()
  expect(wrongIn(body, { 'total.amount': '6.81' })).toBe('total.amount is 6.80, and must be 6.81')
  expect(wrongIn(body, { 'buckets.1.amount.amount': '0.00' })).toMatch(/is undefined/)
})
