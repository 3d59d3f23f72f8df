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

describeStack('the benchmarks', ['stateFile'], () => {
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
