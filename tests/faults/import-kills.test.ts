/**
 * `kill -9` of each part in the middle of an import: the same numbers at the end as the raw file gives, each event once
 * by a plain SELECT. Each kill is shown to land mid-work: some of the import is in ClickHouse, some is not, and the
 * importer still runs. The file is made here, seeded (NIKASH_SEED), so the suite needs no real input.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient } from '@clickhouse/client'
import { afterAll, expect, it } from '@jest/globals'
import { nikash } from '../support/cli.ts'
import { type Aging, cents, eventually, freshTenant, read } from '../support/http.ts'
import { agingByDay } from '../support/receivables-oracle.ts'
import { describeStack, killPart, signToken, waitForRestart } from '../support/stack.ts'

const ROWS = 3000
const seed = Number(process.env['NIKASH_SEED'] ?? Date.now() % 1_000_000)

/** mulberry32: small, seeded, good enough to spread amounts and days. */
function randomOf(start: number): () => number {
  let a = start
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function receivables(random: () => number): string {
  const us = (ms: number) => {
    const d = new Date(ms)
    return `${d.getUTCMonth() + 1}/${d.getUTCDate()}/${d.getUTCFullYear()}`
  }
  const lines = [
    'countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate',
  ]
  for (let i = 0; i < ROWS; i++) {
    const written = Date.UTC(2020, 0, 1) + Math.floor(random() * 365) * 86_400_000
    const due = written + 30 * 86_400_000
    const settled = random() < 0.5 ? '' : us(written + Math.floor(random() * 120) * 86_400_000)
    const amount = `${Math.floor(random() * 5000)}.${String(Math.floor(random() * 100)).padStart(2, '0')}`
    lines.push(
      `50,C-${Math.floor(random() * 40)},1/1/2020,N-${i},${us(written)},${us(due)},${amount === '0.00' ? '1.00' : amount},No,${settled},Paper,0,0`,
    )
  }
  return `${lines.join('\n')}\n`
}

describeStack(
  `kill -9 in the middle of an import (seed ${seed})`,
  [
    'apiUrl',
    'commandsUrl',
    'databaseOwnerUrl',
    'clickhouseUrl',
    'clickhouseUser',
    'clickhousePassword',
    'jwtAccessSecret',
    'stateFile',
  ],
  (stack) => {
    const clickhouse = createClient({
      url: stack.clickhouseUrl,
      username: stack.clickhouseUser,
      password: stack.clickhousePassword,
      database: 'finance',
    })
    afterAll(() => clickhouse.close())

    const one = async (query: string, tenant: string): Promise<number[]> => {
      const answer = await clickhouse.query({ query, query_params: { tenant }, format: 'JSONCompactEachRow' })
      return ((await answer.json<unknown[]>())[0] ?? []).map(Number)
    }
    const stored = (tenant: string) =>
      one('select count(), uniqExact(event_id) from fct_events where tenant_id = {tenant:String}', tenant)

    it.each(['relay', 'processors', 'sink-clickhouse', 'sink-redis', 'api'])(
      'of %s changes no number and doubles no row',
      async (part) => {
        const tenant = freshTenant(`kill-${part}`)
        const csv = receivables(randomOf(seed))
        const file = path.join(mkdtempSync(path.join(tmpdir(), 'nikash-')), 'receivables.csv')
        writeFileSync(file, csv)
        const paid = csv.split('\n').filter((line) => /,No,[\d/]+,/.test(line)).length

        let running = true
        const importing = nikash(stack.stateFile, [
          'import',
          'receivables',
          file,
          '--tenant',
          tenant,
          '--currency',
          'USD',
        ]).finally(() => {
          running = false
        })
        let before = 0
        await eventually('the first rows of the import to be in ClickHouse', async () => {
          before = (await stored(tenant))[0] ?? 0
          expect(before).toBeGreaterThan(0)
        })
        const pid = killPart(stack.stateFile, part)
        const during = (await stored(tenant))[0] ?? 0
        expect([running, during < ROWS + paid]).toEqual([true, true])
        const ran = await importing
        await waitForRestart(stack.stateFile, part, pid)
        expect([ran.code, ran.stderr]).toEqual([0, expect.anything()])

        await eventually(
          'every invoice and payment to be in ClickHouse',
          async () => {
            expect(
              await one(
                'select count(), uniqExact(invoice_id) from fct_invoices where tenant_id = {tenant:String}',
                tenant,
              ),
            ).toEqual([ROWS, ROWS])
            expect(
              await one(
                'select count(), uniqExact(payment_id) from fct_payments where tenant_id = {tenant:String}',
                tenant,
              ),
            ).toEqual([paid, paid])
          },
          90_000,
        )
        const [rows, ids] = await stored(tenant)
        expect(rows).toBe(ids)

        const expected = await agingByDay(stack.databaseOwnerUrl, csv, '2020-01-01', '2021-06-30')
        const token = await signToken(stack.jwtAccessSecret, { tenant, role: 'reader' })
        const sample = [...expected].filter((_, i) => i % 30 === 0)
        for (const [day, { due, posting }] of sample) {
          for (const [basis, want] of [
            ['due', due],
            ['posting', posting],
          ] as const) {
            const aging = await read<Aging>(
              stack.apiUrl,
              `/v1/receivables/aging?asOf=${day}&basis=${basis}`,
              token,
            )
            expect([day, basis, aging.buckets.map((b) => cents(b.amount.amount))]).toEqual([
              day,
              basis,
              [...want],
            ])
          }
        }
        const open = [...expected].at(-1)?.[1].due.reduce((a, b) => a + b, 0n)
        await eventually('the live total to agree', async () => {
          const today = await read<Aging>(stack.apiUrl, '/v1/receivables/aging', token)
          expect(cents(today.total.amount)).toBe(open)
        })
      },
      240_000,
    )
  },
)
