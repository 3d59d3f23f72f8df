/**
 * hledger's opinion on the exported journal, to the last decimal, of small books with all that is odd in them. Of a whole
 * fiscal year of the demo company: demo-year.test.ts.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { exportJournal } from '../../producers/exporters/journal.ts'
import { Hledger, type Nets } from '../support/hledger.ts'
import { freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'
import { type Answer, prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

describeStack(
  'the exported journal, read by hledger',
  ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret', 'hledger'],
  (stack) => {
    let service: Service
    beforeAll(async () => {
      await prepareStore(stack)
      service = await Service.open(stack)
    })
    afterAll(() => service.close())

    const sql = <T extends Record<string, unknown>>(tenant: string, text: string, values: unknown[] = []) =>
      rowsOf<T>(stack.databaseReaderUrl, tenant, text, values)
    const balances = async (tenant: string): Promise<Nets> => {
      const rows = await sql<{ code: string; net: string }>(
        tenant,
        `select account_code as code, (total_debit - total_credit)::numeric(18, 4)::text as net
         from finance.account_balances where total_debit <> 0 or total_credit <> 0`,
      )
      return Object.fromEntries(rows.map(({ code, net }) => [code, net]))
    }
    const closeYear = async (tenant: Tenant, name: string): Promise<void> => {
      const token = await service.token(tenant.id, 'operator')
      const closed = await service.send('POST', `/v1/fiscal-years/${name}/close`, { token, body: {} })
      if (closed.status !== 202) throw new Error(JSON.stringify(closed.body))
    }
    async function reading<T>(tenant: string, look: (hledger: Hledger) => T | Promise<T>): Promise<T> {
      const hledger = await Hledger.read(stack.databaseReaderUrl, tenant)
      try {
        return await look(hledger)
      } finally {
        hledger.close()
      }
    }

    it('of small books with odd names, two currencies and bounced payments has every balance', async () => {
      const tenant = await Tenant.open(service, 'export')
      await tenant.post('/v1/customers', { id: 'odd', name: 'Karim; "Sons" | (Ltd)  [রহিম]: ৳' })
      await tenant.post('/v1/accounts', {
        code: '6999',
        name: 'Odd; name: with  (all) | of it',
        accountClass: 'EXPENSE',
      })
      const days = ['2025-12-31', '2026-02-28', '2026-06-30', '2026-07-01', '2026-11-01']
      const accepted: number[] = []
      const keep = async (answer: Promise<Answer>) => accepted.push((await answer).status)
      const rules = [{ role: 'expense', key: 'odd', accountId: '6999' }]
      await keep(tenant.post('/v1/posting-rules', { rules }))
      for (let i = 0; i < 40; i++) {
        const day = days[i % days.length]
        const usd = i % 4 === 0 ? { currency: 'USD', fxRate: '118.37' } : {}
        const lines = [{ unitPrice: `${i + 1}.0${i % 10}`, quantity: '1.37', vatCode: 'standard' }]
        await keep(
          tenant.invoice('0', {
            id: `i${i}`,
            customerId: i % 3 ? 'c' : 'odd',
            invoiceDate: day,
            ...usd,
            lines,
          }),
        )
        await keep(
          tenant.payment(`${i + 2}.33`, {
            id: `p${i}`,
            paymentDate: day,
            method: i % 2 ? 'cash' : 'bkash',
            ...usd,
          }),
        )
        await keep(
          tenant.post('/v1/expenses', {
            category: i % 2 ? 'odd' : 'rent',
            netAmount: `3.${10 + i}`,
            vatAmount: '0.07',
            expenseDate: day,
            status: 'APPROVED',
            ...usd,
          }),
        )
        if (i % 5 === 0) await keep(tenant.post(`/v1/payments/p${i}/reverse`, { reversalDate: '2026-11-02' }))
        if (i % 7 === 0) await keep(tenant.post(`/v1/invoices/i${i}/cancel`, { cancelledDate: '2026-11-02' }))
      }
      expect(accepted.filter((status) => status > 202)).toEqual([])
      await closeYear(tenant, '2025-26')
      const stored = await balances(tenant.id)
      expect(Object.keys(stored).length).toBeGreaterThan(8)
      const summary = await reading(tenant.id, (hledger) => {
        expect(hledger.balances()).toEqual(stored)
        expect(hledger.run('stats')).toMatch(new RegExp(`Transactions\\s*: ${hledger.summary.entries} `))
        return hledger.summary
      })
      const entries = await sql<{ n: number }>(
        tenant.id,
        'select count(distinct journal_id)::integer as n from finance.journal_lines',
      )
      expect(summary.entries).toBe(entries[0]?.n)
      const csv: string[] = []
      await exportJournal(stack.databaseReaderUrl, tenant.id, 'csv', (text) => void csv.push(text))
      expect(csv.join('').trim().split('\n')).toHaveLength(summary.lines + 1)
      expect(
        await exportJournal(stack.databaseReaderUrl, freshTenant('none'), 'csv', () => undefined),
      ).toBeUndefined()
    }, 60_000)
  },
)
