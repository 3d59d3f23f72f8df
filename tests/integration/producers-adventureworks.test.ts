/**
 * AdventureWorks' general ledger (39,409 amounts, 14 organisations, three years) as journals through the importer and the
 * command service: every account on every date of the file as an oracle over its raw lines has it, in the store's trial
 * balance and as hledger adds it up from the exported journal.
 */
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { importFile } from '../../producers/importers/cli.ts'
import { adventureWorksBalances } from '../support/adventureworks-oracle.ts'
import { Hledger, type Nets } from '../support/hledger.ts'
import { freshTenant } from '../support/http.ts'
import { realInput } from '../support/receivables-oracle.ts'
import { describeStack, describeWhen } from '../support/stack.ts'
import { prepareStore, rowsOf, Service } from './producers-harness.ts'

const facts = realInput('aw_FactFinance.csv')
const folder = path.dirname(facts.path ?? '')
const tenant = freshTenant('aw')

describeWhen(facts.path !== undefined, 'the books of AdventureWorks', facts.reason, () => {
  describeStack(
    'through the importer',
    ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret'],
    (stack) => {
      let service: Service
      let expected: ReadonlyMap<string, Nets>
      const load = async (kind: string, name: string, map: string): Promise<Record<string, unknown>> => {
        const out: string[] = []
        const io = { out: (line: string) => void out.push(line), err: (line: string) => void out.push(line) }
        const token = await service.token(tenant, 'operator')
        const to = { commandsUrl: service.url, token, tenant, currency: 'USD', output: 'json' as const }
        await importFile({ ...to, kind, file: path.join(folder, name), map }, io)
        return JSON.parse(out.at(-1) ?? '{}') as Record<string, unknown>
      }
      const journal = () => load('journal', 'aw_FactFinance.csv', 'adventureworks-journal')
      beforeAll(async () => {
        await prepareStore(stack)
        service = await Service.open(stack)
        expect(await load('chart', 'aw_DimAccount.csv', 'adventureworks-chart')).toMatchObject({
          bad: 0,
          imported: 95,
        })
        expect(await journal()).toMatchObject({ bad: 0, rows: 39_409, leftOut: 4_846 + 1_163 + 276 })
        expected = await adventureWorksBalances(stack.databaseOwnerUrl, folder)
        expect(expected.size).toBe(39)
      }, 240_000)
      afterAll(() => service.close())

      it('has every account on every date as the file says, and a second run adds nothing', async () => {
        const rows = await rowsOf<{ day: string; code: string; net: string }>(
          stack.databaseReaderUrl,
          tenant,
          `select d as day, account_code as code, (debit - credit)::numeric(18, 4)::text as net
           from unnest($1::text[]) as d, finance.trial_balance(d::date)`,
          [[...expected.keys()]],
        )
        const stored = new Map<string, Record<string, string>>()
        for (const { day, code, net } of rows) stored.set(day, { ...stored.get(day), [code]: net })
        for (const [day, nets] of expected) expect([day, stored.get(day)]).toEqual([day, nets])
        expect(await journal()).toMatchObject({ imported: 0, bad: 0 })
      }, 120_000)

      describeStack('as hledger adds them up', ['hledger'], () => {
        it('has every account on every date as the file says; assets are liabilities and equity', async () => {
          const hledger = await Hledger.read(stack.databaseReaderUrl, tenant)
          try {
            const daily = hledger.daily()
            for (const [day, nets] of expected) {
              const read = Object.entries(daily.get(day) ?? {}).filter(([, net]) => net !== '0.0000')
              expect([day, Object.fromEntries(read)]).toEqual([day, nets])
            }
            const units = (net: string | undefined) => BigInt((net ?? '0').replace('.', ''))
            const classes = hledger.dailyClasses()
            expect(classes.size).toBeGreaterThan(1_000)
            for (const [day, { assets, liabilities, equity, revenues, expenses }] of classes) {
              const net = [assets, liabilities, equity, revenues, expenses].map(units)
              expect([day, net.reduce((one, other) => one + other, 0n)]).toEqual([day, 0n])
            }
            // And without the flows and the account that carries their result: the file's own balance sheet.
            for (const [day, nets] of expected) {
              let sum = 0n
              for (const [code, net] of Object.entries(nets)) if (/^AW-[123]/.test(code)) sum += units(net)
              expect([day, sum]).toEqual([day, 0n])
            }
          } finally {
            hledger.close()
          }
        }, 60_000)
      })
    },
  )
})
