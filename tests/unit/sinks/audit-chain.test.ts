/** The chain of the audit trail: what each kind of tampering does to it. Hashes are checked by another program's. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { ChainCheck, entryOf, NO_HEAD, rowAfter, type TrailRow } from '../../../sinks/audit/chain.ts'
import { isAudited } from '../../../sinks/audit/writer.ts'
import { created, event, received, T } from './support/events.ts'

const record = (offset: number, value = Buffer.from(`bytes ${offset}`)): InputRecord => ({
  topic: 'e',
  partition: 3,
  offset,
  timestamp: Date.parse('2026-11-23T06:00:00.123Z'),
  key: Buffer.from(T),
  value,
  headers: {},
})

function chainOf(length: number): TrailRow[] {
  const rows: TrailRow[] = []
  for (let i = 0; i < length; i++) {
    const one = created(`i${i}`, { date: '2026-01-10', total: `${i + 1}.25` })
    rows.push(rowAfter(rows.at(-1) ?? NO_HEAD, one, { topicId: 't', record: record(i) }))
  }
  return rows
}

const verdict = (rows: readonly TrailRow[], head: Pick<TrailRow, 'seq' | 'hash'> | undefined) => {
  const check = new ChainCheck(T)
  for (const row of rows) check.row(row)
  return check.end(head)
}

describe('the chain of the audit trail', () => {
  it('finds nothing wrong with a whole one, nor with none', () => {
    const rows = chainOf(20)
    expect(verdict(rows, rows.at(-1))).toEqual([])
    expect(verdict([], undefined)).toEqual([])
  })

  it('is made of hashes that another program computes', () => {
    const [first, second] = chainOf(2) as [TrailRow, TrailRow]
    const sum = (text: string) => execFileSync('sha256sum', { input: text }).toString().slice(0, 64)
    expect(first.hash).toBe(sum(`\n${first.entry}`))
    expect(second.hash).toBe(sum(`${first.hash}\n${second.entry}`))
  })

  it('says who, when, what and where, and the hash of the bytes in the log', () => {
    const entry = JSON.parse(
      entryOf(
        received('p1', { date: '2026-01-20', amount: '30', to: { i1: '20' } }),
        {
          topicId: 'topic',
          record: record(7, Buffer.from('abc')),
        },
        5,
      ),
    ) as Record<string, unknown>
    expect(entry).toMatchObject({
      seq: 5,
      tenantId: T,
      eventType: 'PaymentReceived',
      aggregateType: 'payment',
      aggregateId: 'p1',
      actor: 'user:test',
      recordedAt: '2023-11-14T22:13:20.000Z',
      appendedAt: '2026-11-23T06:00:00.123Z',
      topicId: 'topic',
      partition: 3,
      offset: 7,
      valueSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    })
    expect(entry['payload']).toMatchObject({ amount: '30.0000', allocations: [{ invoiceId: 'i1' }] })
  })

  it('breaks at the row that was changed, removed, added, moved or cut off at the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), fc.nat(4), (length, at, how) => {
        const rows = chainOf(length)
        const head = rows.at(-1)
        const i = at % length
        const row = rows[i] as TrailRow
        const spoiled = [
          () => rows.with(i, { ...row, entry: row.entry.replace('.25', '.26') }),
          () => rows.toSpliced(i, 1),
          () => rows.toSpliced(i, 0, row),
          () => {
            const other = rows[(i + 1) % length] as TrailRow
            return rows.with(i, { ...other, seq: row.seq })
          },
          () => rows.slice(0, i),
        ][how]?.()
        const found = verdict(spoiled ?? [], head)
        expect(found.length).toBeGreaterThan(0)
        if (how === 0)
          expect(found).toEqual([{ seq: row.seq, what: 'does not follow from the row before it' }])
      }),
    )
  })

  it('breaks when a changed row got a new hash, for the one behind it does not follow', () => {
    const rows = chainOf(3)
    const forged = rowAfter(rows[0] as TrailRow, created('x', { date: '2026-01-10', total: '9' }), {
      topicId: 't',
      record: record(1),
    })
    expect(verdict(rows.with(1, forged), rows.at(-1))).toEqual([
      { seq: 3, what: 'does not follow from the row before it' },
    ])
    expect(
      verdict([rows[0] as TrailRow, rows[1] as TrailRow, { ...forged, seq: 3 }], rows.at(-1)),
    ).not.toEqual([])
  })

  it('tells a chain whose end nobody knows, and one that goes on behind its end', () => {
    const rows = chainOf(3)
    expect(verdict(rows, undefined)).toEqual([{ seq: 3, what: 'nothing says where this chain ends' }])
    expect(verdict(rows, rows[1])).toEqual([
      { seq: 3, what: 'the chain ended at 2: rows were added behind it' },
    ])
  })
})

describe('what is audited', () => {
  const one = created('i1', { date: '2026-01-10', total: '1' })
  const at = (partition: number, key = T): InputRecord => ({ ...record(1), partition, key: Buffer.from(key) })

  it('is every event of a tenant where it belongs, once', () => {
    const places = [0, 1, 2, 3].filter((partition) => isAudited(one, at(partition), 4))
    expect(places).toHaveLength(1)
    expect(isAudited(one, at(places[0] as number, 'other'), 4)).toBe(false)
  })

  it('is what all partitions receive on the first alone, and no ticks', () => {
    const rate = event('FxRateSet', 'USD', { tenantId: '~' })
    expect([0, 1].map((partition) => isAudited(rate, at(partition, '~'), 4))).toEqual([true, false])
    expect(isAudited(event('Tick', 't', { tenantId: '~' }), at(0, '~'), 4)).toBe(false)
  })
})
