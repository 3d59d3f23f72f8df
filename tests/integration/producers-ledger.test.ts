/**
 * The general ledger over a real Postgres, two command services where it matters: postings in the command's transaction,
 * closed periods, the chart as both processes see it, the close of a year. What hledger says of it: producers-hledger.test.ts.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { inTransaction, openPool } from '../../producers/event-store/database.ts'
import { write } from '../../producers/event-store/write.ts'
import { Session } from '../../producers/kernel/session.ts'
import { DEFAULT_CHART } from '../../producers/ledger/default-chart.ts'
import { freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'
import { type Answer, prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

describeStack(
  'the general ledger',
  ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret'],
  (stack) => {
    let one: Service
    let two: Service
    beforeAll(async () => {
      await prepareStore(stack)
      one = await Service.open(stack)
      two = await Service.open(stack)
    })
    afterAll(async () => {
      await one.close()
      await two.close()
    })
    const sql = <T extends Record<string, unknown>>(tenant: string, text: string, values: unknown[] = []) =>
      rowsOf<T>(stack.databaseUrl, tenant, text, values)
    const ok = async (answer: Promise<Answer>): Promise<Answer> => {
      const given = await answer
      if (![201, 202].includes(given.status)) throw new Error(JSON.stringify(given.body))
      return given
    }
    const refusalOf = ({ status, body }: Answer) => [
      status,
      body.code,
      ...((body['errors'] ?? []) as { pointer: string }[]).map((error) => error.pointer),
    ]
    const outcomesOf = (answers: readonly Answer[]) =>
      new Set(answers.map((answer) => answer.body.code ?? answer.status))
    const balances = async (tenant: string) => {
      const rows = await sql<{ account_code: string; balance: string }>(
        tenant,
        'select account_code, balance::text from finance.account_balances where total_debit <> 0 or total_credit <> 0 order by 1',
      )
      return Object.fromEntries(rows.map((row) => [row.account_code, Number(row.balance)]))
    }
    const operator = async (tenant: Tenant, route: string, body: object, service = one) =>
      service.send('POST', route, { token: await service.token(tenant.id, 'operator'), body })

    it('posts in the transaction of the command, and answers with the command’s own event', async () => {
      const tenant = await Tenant.open(one, 'posts')
      const lines = [{ quantity: '3', unitPrice: '33.35', vatCode: 'standard' }]
      const { body } = await ok(tenant.invoice('0', { id: 'i', invoiceDate: '2026-08-01', lines }))
      const events = await sql(
        tenant.id,
        `select position, event_type, aggregate_type, version::integer, xmin::text as transaction from finance.event_store
         where aggregate_type in ('invoice', 'journal-entry') order by position`,
      )
      expect(events).toMatchObject([
        { event_type: 'InvoiceCreated', position: String(body.position), version: body.version },
        { event_type: 'JournalEntryPosted', aggregate_type: 'journal-entry', version: 1 },
      ])
      expect(events[0]?.['transaction']).toBe(events[1]?.['transaction'])
      const posted = await sql(
        tenant.id,
        `select line, account_id, entry_date::text, kind, debit::text, credit::text, currency, amount::text, party_type, party_id,
                source_type, source_id, source_version, position from finance.journal_lines order by line`,
      )
      const line = {
        entry_date: '2026-08-01',
        kind: 'DOCUMENT',
        currency: 'BDT',
        source_type: 'invoice',
        source_id: 'i',
        source_version: '1',
        position: events[1]?.['position'],
      }
      expect(posted).toEqual([
        {
          ...line,
          line: 1,
          account_id: '1200',
          debit: '115.0600',
          credit: '0.0000',
          amount: '115.0600',
          party_type: 'customer',
          party_id: 'c',
        },
        {
          ...line,
          line: 2,
          account_id: '4010',
          debit: '0.0000',
          credit: '100.0500',
          amount: '100.0500',
          party_type: null,
          party_id: null,
        },
        {
          ...line,
          line: 3,
          account_id: '2210',
          debit: '0.0000',
          credit: '15.0100',
          amount: '15.0100',
          party_type: null,
          party_id: null,
        },
      ])
      expect(
        await sql(tenant.id, 'select status, journal_number, total::text from finance.journal_entries'),
      ).toEqual([{ status: 'POSTED', journal_number: 'INV-2026-27-000001', total: '115.0600' }])
      const empty = await sql(
        tenant.id,
        "select balance::text from finance.account_balances where account_code = '6100'",
      )
      expect(empty).toEqual([{ balance: '0' }])
    }, 60_000)

    it('refuses closed periods, unfit entries and missing accounts without a trace', async () => {
      const tenant = await Tenant.open(one, 'closed')
      await ok(tenant.post('/v1/periods/close', { through: '2026-08-31' }))
      const trace = async () =>
        Promise.all(
          [
            'event_store',
            'aggregates',
            'business_numbers',
            'journal_lines',
            'allocations',
            'idempotency_keys',
          ].map(
            async (table) => (await sql(tenant.id, `select count(*) as n from finance.${table}`))[0]?.['n'],
          ),
        )
      const before = await trace()
      const rent = { accountCode: '6100', debit: '5.00' }
      const entry = (more: object) =>
        tenant.post('/v1/journal-entries', {
          status: 'POSTED',
          lines: [rent, { accountId: '1110', credit: '5.00' }],
          ...more,
        })
      const answers = [
        await tenant.invoice('10.00', { invoiceDate: '2026-08-31' }),
        await tenant.payment('10.00', { paymentDate: '2026-08-31' }, two),
        await tenant.post('/v1/expenses', {
          category: 'rent',
          netAmount: '1.00',
          expenseDate: '2026-01-01',
          status: 'APPROVED',
        }),
        await entry({ entryDate: '2026-08-31' }),
        await entry({ lines: [rent, { accountId: '1110', credit: '4.00' }] }),
        await entry({ lines: [rent, { accountId: 'none', credit: '5.00' }] }),
        await entry({ lines: [rent] }),
        await entry({ lines: [rent, { accountId: '1200', credit: '5.00' }] }),
        await tenant.post('/v1/opening-balances', {
          cutOff: '2026-06-30',
          lines: [{ accountCode: '1200', debit: '1.00' }],
        }),
        await tenant.post('/v1/journal-entries/nobody/reverse', {}),
      ]
      expect(answers.map(refusalOf)).toEqual([
        [422, 'period_closed', '/invoiceDate'],
        [422, 'period_closed', '/paymentDate'],
        [422, 'period_closed', '/expenseDate'],
        [422, 'period_closed', '/entryDate'],
        [422, 'journal_unbalanced', '/lines'],
        [422, 'reference_not_found', '/lines/1/accountId'],
        [400, 'validation_failed', '/lines'],
        [422, 'account_control', '/lines/1/accountId'],
        [422, 'period_closed', '/cutOff'],
        [404, 'journal_entry_not_found'],
      ])
      expect(await trace()).toEqual(before)
      const { body } = await ok(tenant.invoice('10.00', { invoiceDate: '2026-09-01' }))
      const number = await sql(
        tenant.id,
        'select invoice_number from finance.invoices where invoice_id = $1',
        [body.id],
      )
      expect(number).toEqual([{ invoice_number: 'INV-2026-27-000001' }])
    }, 60_000)

    it('lets a writer close, and only an operator reopen or close a year, in his token’s books', async () => {
      const tenant = await Tenant.open(one, 'roles')
      await ok(tenant.post('/v1/periods/close', { through: '2026-08-31' }))
      expect((await tenant.post('/v1/periods/reopen', { through: '2026-07-31', reason: 'x' })).status).toBe(
        403,
      )
      expect((await tenant.post('/v1/fiscal-years/2024-25/close', {})).status).toBe(403)
      const reopened = await operator(tenant, '/v1/periods/reopen', { through: '2026-07-31', reason: 'x' })
      expect([reopened.status, reopened.headers.get('location')]).toEqual([202, '/v1/periods/books'])
      expect((await tenant.invoice('1.00', { invoiceDate: '2026-08-01' })).status).toBe(201)
    }, 60_000)

    it('keeps every posting out of a period from its close on, whoever writes meanwhile', async () => {
      const tenant = await Tenant.open(one, 'race')
      const send = (i: number) => {
        const service = i % 2 ? one : two
        const day = i % 3 ? '2026-08-31' : '2026-09-01'
        if (i % 4 === 0) return tenant.payment('1.00', { paymentDate: day }, service)
        return tenant.invoice('1.00', { invoiceDate: day }, service)
      }
      const answers = [send(0)]
      const third = await Service.open(stack)
      let closed: Promise<Answer> | undefined
      for (let i = 1; i < 160; i++) {
        answers.push(send(i))
        if (i === 60) closed = ok(tenant.post('/v1/periods/close', { through: '2026-08-31' }, {}, third))
        if (i % 20 === 0) await answers[i - 10]
      }
      const position = (await closed)?.body.position
      answers.push(send(1))
      const outcomes = (await Promise.all(answers)).map((answer) => answer.body.code ?? answer.status)
      await third.close()
      expect(new Set(outcomes)).toEqual(new Set([201, 'period_closed']))
      const late = await sql(
        tenant.id,
        "select journal_id from finance.journal_lines where entry_date <= '2026-08-31' and position > $1",
        [position],
      )
      expect(late).toEqual([])
      const taken = outcomes.filter((code) => code === 201).length
      expect(
        await sql(
          tenant.id,
          'select count(distinct journal_id)::integer as n, sum(debit - credit)::integer as net from finance.journal_lines',
        ),
      ).toEqual([{ n: taken, net: 0 }])
    }, 60_000)

    it('shows a change of the chart to the other process at once', async () => {
      const tenant = await Tenant.open(one, 'chart')
      for (let round = 0; round < 5; round++) {
        const code = `40${50 + round}`
        await ok(
          tenant.post('/v1/accounts', { code, name: `Sales ${round}`, accountClass: 'INCOME' }, {}, one),
        )
        await ok(tenant.post('/v1/posting-rules', { rules: [{ role: 'revenue', accountId: code }] }, {}, two))
        const { body } = await ok(tenant.invoice('7.00', {}, one))
        const line = await sql(
          tenant.id,
          'select account_id from finance.journal_lines where source_id = $1 and credit > 0',
          [body.id],
        )
        expect(line).toEqual([{ account_id: code }])
      }
      const same = await Promise.all(
        [one, two].map((service) =>
          tenant.post(
            '/v1/accounts',
            { id: crypto.randomUUID(), code: '1199', name: 'Till', accountClass: 'ASSET' },
            {},
            service,
          ),
        ),
      )
      expect(outcomesOf(same)).toEqual(new Set([201, 'number_taken']))
    }, 60_000)

    it('gives the default chart once to a tenant that was there before charts were', async () => {
      const id = freshTenant('old')
      const pool = openPool(
        { url: stack.databaseUrl, connectionsMax: 1, applicationName: 'nikash-test-old' },
        () => undefined,
      )
      try {
        await inTransaction(pool, id, async (client) => {
          const session = new Session(id, Date.now())
          const data = { name: 'Old', zone: 'Asia/Dhaka', currency: 'BDT', fiscalYearStart: '07-01' }
          session.append(0, { type: 'tenant', id }, [{ type: 'TenantRegistered', data }], '')
          const metadata = { actor: 'test', correlationId: null, causationId: null, traceparent: null }
          await write(client, session, () => metadata, [])
        })
      } finally {
        await pool.end()
      }
      const token = await one.token(id)
      const spend = (service: Service) =>
        service.send('POST', '/v1/expenses', {
          token,
          body: { category: 'rent', netAmount: '2.00', status: 'APPROVED' },
          headers: { 'idempotency-key': crypto.randomUUID() },
        })
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => spend(i % 2 ? one : two)))
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201))
      expect(await sql(id, 'select count(*)::integer as n from finance.chart_of_accounts')).toEqual([
        { n: DEFAULT_CHART.length },
      ])
      expect(await balances(id)).toEqual({ 2130: 40, 6100: 40 })
    }, 60_000)

    it('closes a fiscal year once, to retained earnings; the next one begins with balance accounts', async () => {
      const tenant = await Tenant.open(one, 'year')
      await ok(
        tenant.invoice('0', {
          invoiceDate: '2026-03-01',
          lines: [{ unitPrice: '1000.00', vatCode: 'standard' }],
        }),
      )
      await ok(
        tenant.post('/v1/expenses', {
          category: 'rent',
          netAmount: '400.00',
          expenseDate: '2026-06-30',
          status: 'APPROVED',
        }),
      )
      await ok(tenant.invoice('70.00', { invoiceDate: '2026-07-01' }))
      const closes = await Promise.all(
        [one, two].map((service) => operator(tenant, '/v1/fiscal-years/2025-26/close', {}, service)),
      )
      expect(outcomesOf(closes)).toEqual(new Set([202, 'fiscal_year_closed']))
      const trial = await sql(
        tenant.id,
        "select account_code, account_type, debit::float8 as debit, credit::float8 as credit from finance.trial_balance('2026-06-30')",
      )
      expect(trial).toEqual([
        { account_code: '1200', account_type: 'ASSET', debit: 1150, credit: 0 },
        { account_code: '2130', account_type: 'LIABILITY', debit: 0, credit: 400 },
        { account_code: '2210', account_type: 'LIABILITY', debit: 0, credit: 150 },
        { account_code: '3200', account_type: 'EQUITY', debit: 0, credit: 600 },
      ])
      expect(await balances(tenant.id)).toEqual({
        1200: 1220,
        2130: 400,
        2210: 150,
        3200: 600,
        4010: 70,
        6100: 0,
      })
      expect(refusalOf(await tenant.invoice('1.00', { invoiceDate: '2026-06-30' }))).toEqual([
        422,
        'period_closed',
        '/invoiceDate',
      ])
      const closing = await sql(
        tenant.id,
        "select kind, journal_number, source_type, source_id from finance.journal_entries where kind = 'CLOSING'",
      )
      expect(closing).toEqual([
        { kind: 'CLOSING', journal_number: 'JV-2025-26-000001', source_type: 'ledger', source_id: '2025-26' },
      ])
    }, 60_000)

    it('numbers journal entries without a gap, in two processes', async () => {
      const tenant = await Tenant.open(one, 'jv')
      const lines = [
        { accountId: '1101', debit: '1.00' },
        { accountId: '3100', credit: '1.00' },
      ]
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          tenant.post(
            '/v1/journal-entries',
            {
              status: i % 2 ? 'POSTED' : 'DRAFT',
              lines: i % 6 ? lines : lines.slice(1).concat(lines.slice(1)),
            },
            {},
            i % 2 ? one : two,
          ),
        ),
      )
      const made = answers.filter((answer) => answer.status === 201).length
      expect(made).toBe(50)
      const numbers = await sql<{ n: string }>(
        tenant.id,
        'select journal_number as n from finance.journal_entries order by 1',
      )
      expect(numbers.map((row) => Number(row.n.slice(-6)))).toEqual(
        Array.from({ length: made }, (_, i) => i + 1),
      )
      const reversed = await Promise.all(
        [one, two].map((service) =>
          tenant.post(`/v1/journal-entries/${answers[1]?.body.id}/reverse`, {}, {}, service),
        ),
      )
      expect(outcomesOf(reversed)).toEqual(new Set([202, 'journal_reversed']))
    }, 60_000)
  },
)
