/** Credit notes, write-offs and reconciled payments through the service and its store, and the store's change to them. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { openPool } from '../../producers/event-store/database.ts'
import { invoicePostings } from '../../producers/invoices/postings.ts'
import { OPERATIONS } from '../../producers/kernel/catalogue.ts'
import type { DomainEvent } from '../../producers/kernel/events.ts'
import { Executor } from '../../producers/kernel/executor.ts'
import type { Operation } from '../../producers/kernel/operation.ts'
import type { Posting, PostingsOf } from '../../producers/ledger/posting.ts'
import { paymentPostings } from '../../producers/payments/postings.ts'
import type { EventType } from '../../schemas/generated/records.ts'
import { describeStack } from '../support/stack.ts'
import { booked } from '../unit/producers/books.ts'
import { prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

const MIGRATION = new URL('../../producers/event-store/migrations/004_settlements.sql', import.meta.url)

describeStack(
  'sales',
  ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret'],
  (stack) => {
    let service: Service
    beforeAll(async () => {
      await prepareStore(stack)
      service = await Service.open(stack)
    })
    afterAll(() => service.close())

    const sold = {
      invoiceDate: '2026-08-01',
      lines: [{ quantity: '4', unitPrice: '25.00', vatCode: 'standard' }],
    }
    const tenantOf = (prefix: string) => Tenant.open(service, prefix)

    it('are settled by payments with deducted taxes, credit notes and write-offs; the views tell', async () => {
      const tenant = await tenantOf('sales-views')
      const answers = [
        await tenant.invoice('', { id: 'i', ...sold }),
        await tenant.payment('40.00', {
          id: 'p',
          paymentDate: '2026-08-02',
          vdsWithheld: '6.00',
          tdsWithheld: '4.00',
          allocations: [{ invoiceId: 'i', amount: '45.00' }],
        }),
        await tenant.post('/v1/credit-notes', {
          id: 'n',
          invoiceId: 'i',
          creditDate: '2026-08-03',
          invoiceLines: [{ line: 1, quantity: '1' }],
          allocations: [{ invoiceId: 'i', amount: '20.00' }],
        }),
        await tenant.post('/v1/credit-notes/n/allocate', {
          allocations: [{ invoiceId: 'i', amount: '5.00' }],
        }),
        await tenant.post('/v1/invoices/i/write-off', { amount: '30.00', writeOffDate: '2026-08-10' }),
        await tenant.post('/v1/invoices/i/dispute', { disputed: true }),
        await tenant.post('/v1/payments/p/reconcile', { statementDate: '2026-08-04' }),
      ]
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 202, 202, 202, 202])
      const rows = async (sql: string) => (await rowsOf(stack.databaseReaderUrl, tenant.id, sql))[0]
      // 115.00 less 45.00, 25.00 and 30.00.
      expect(
        await rows(
          'select total, open_amount, written_off_amount, payment_status, disputed from finance.invoices',
        ),
      ).toEqual({
        total: '115.0000',
        open_amount: '15.0000',
        written_off_amount: '30.0000',
        payment_status: 'PARTIALLY_PAID',
        disputed: true,
      })
      expect(
        await rows(
          'select amount, unapplied_amount, vds_withheld, direction, reconciled_on::text from finance.payments',
        ),
      ).toEqual({
        amount: '40.0000',
        unapplied_amount: '5.0000',
        vds_withheld: '6.0000',
        direction: 'in',
        reconciled_on: '2026-08-04',
      })
      expect(
        await rows(
          'select status, credit_note_number, mushak_number, invoice_id, total, unapplied_amount from finance.credit_notes',
        ),
      ).toEqual({
        status: 'ISSUED',
        credit_note_number: 'CN-2026-27-000001',
        mushak_number: 'MUSHAK-6.7-2026-08-000001',
        invoice_id: 'i',
        total: '28.7500',
        unapplied_amount: '3.7500',
      })
      const refused = await tenant.post('/v1/invoices/i/cancel', {})
      expect([refused.status, refused.body.code]).toEqual([409, 'invoice_credited'])
      const over = await tenant.post('/v1/invoices/i/write-off', {
        amount: '15.01',
        writeOffDate: '2026-08-10',
      })
      expect([over.status, over.body['errors']]).toEqual([
        422,
        [expect.objectContaining({ pointer: '/amount' })],
      ])
    })

    it('are credited no further than they were sold by many at a time, with numbers without a gap', async () => {
      const tenant = await tenantOf('sales-credits')
      await tenant.invoice('', { id: 'i', ...sold })
      const credit = () =>
        tenant.post('/v1/credit-notes', { invoiceId: 'i', invoiceLines: [{ line: 1, quantity: '1' }] })
      const answers = await Promise.all(Array.from({ length: 20 }, credit))
      const codes = answers
        .map(({ status, body }) => (status === 201 ? 'accepted' : String(body.code)))
        .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      expect(codes).toEqual([...Array(4).fill('accepted'), ...Array(16).fill('credit_exceeds_invoice')])
      const notes = await rowsOf<{ number: string; mushak: string }>(
        stack.databaseUrl,
        tenant.id,
        'select credit_note_number as number, mushak_number as mushak from finance.credit_notes order by 1',
      )
      const serials = (form: (serial: number) => string) => [1, 2, 3, 4].map(form)
      expect(notes.map(({ number }) => number)).toEqual(serials((n) => `CN-2026-27-00000${n}`))
      expect(notes.map(({ mushak }) => mushak.slice(-6)).toSorted()).toEqual(serials((n) => `00000${n}`))
    })

    it('are refused with a pointer to the field, and nothing is stored', async () => {
      const tenant = await tenantOf('sales-refused')
      await tenant.invoice('', { id: 'i', ...sold })
      await tenant.payment('40.00', { id: 'p', paymentDate: '2026-08-02' })
      const line = { unitPrice: '1.00' }
      const invoice = (more: object) => ['/v1/invoices', { customerId: 'c', lines: [line], ...more }] as const
      const payment = (more: object) =>
        ['/v1/payments', { customerId: 'c', amount: '1.00', ...more }] as const
      const note = (more: object) => ['/v1/credit-notes', { invoiceId: 'i', ...more }] as const
      const cases: readonly (readonly [string, object, string])[] = [
        [...invoice({ lines: [{ ...line, vatCode: 'vat' }] }), '/lines/0/vatCode'],
        [
          ...invoice({ lines: [{ ...line, vatCode: 'reduced' }], invoiceDate: '2019-06-30' }),
          '/lines/0/vatCode',
        ],
        [...invoice({ lines: [{ ...line, description: 'x'.repeat(501) }] }), '/lines/0/description'],
        [...invoice({ lines: [{ ...line, description: 'a\u001bb' }] }), '/lines/0/description'],
        [...invoice({ dueDate: '2026-08-01', invoiceDate: '2026-08-02' }), '/dueDate'],
        [...invoice({ instalments: [{ dueDate: '2030-01-01', amount: '0.99' }] }), '/instalments'],
        ...['0', '-1', '1e30', 'NaN', '1000000000', '0.001', ''].flatMap((amount) => [
          [...invoice({ lines: [{ unitPrice: amount }] }), '/lines/0/unitPrice'] as const,
          [...payment({ amount }), '/amount'] as const,
          [...payment({ tdsWithheld: amount }), '/tdsWithheld'] as const,
          ['/v1/invoices/i/write-off', { amount }, '/amount'] as const,
          [...note({ invoiceLines: [{ line: 1, amount }] }), '/invoiceLines/0/amount'] as const,
        ]),
        [...payment({ allocations: [{ invoiceId: 'i', amount: '1.01' }] }), '/allocations/0/amount'],
        [...payment({ direction: 'up' }), '/direction'],
        [
          '/v1/payments/p/allocate',
          { allocations: [{ invoiceId: 'i', amount: '40.01' }] },
          '/allocations/0/amount',
        ],
        ['/v1/payments/p/reconcile', { statementDate: '2026-08-01' }, '/statementDate'],
        [...note({ creditDate: '2026-07-31' }), '/creditDate'],
        [...note({ invoiceLines: [{ line: 1, quantity: '4.0001' }] }), '/invoiceLines/0/quantity'],
      ]
      const count = () =>
        rowsOf<{ events: string }>(
          stack.databaseUrl,
          tenant.id,
          'select count(*) as events from finance.event_store',
        )
      const before = await count()
      for (const [path, body, pointer] of cases) {
        const { status, headers, body: problem } = await tenant.post(path, body)
        expect([path, body, headers.get('content-type')?.split(';')[0], problem['errors']]).toEqual([
          path,
          body,
          'application/problem+json',
          [expect.objectContaining({ pointer })],
        ])
        expect([400, 422]).toContain(status)
      }
      expect(await count()).toEqual(before)
    })

    it('in a foreign currency know the other end of their allocations when they are undone', async () => {
      const tenant = await tenantOf('sales-foreign')
      const pool = openPool(
        { url: stack.databaseUrl, connectionsMax: 2, applicationName: 'nikash-test-sales' },
        () => undefined,
      )
      const executor = new Executor(pool, { nowMs: () => Date.now(), onCommit: () => undefined })
      const table = { ...invoicePostings, ...paymentPostings }
      /** The operation, with its postings taken on the way. */
      const run = async (name: string, id: string, body: object) => {
        const taken: Posting[] = []
        const operation = OPERATIONS.find((one) => one.name === name) as Operation
        const watched: Operation = {
          ...operation,
          decide(session, target) {
            const events = operation.decide(session, target)
            const { today, tenant: settings } = session.facts()
            const facts = { id, today, tenant: settings, session }
            for (const event of events as readonly DomainEvent[]) {
              taken.push(...((table[event.type] as PostingsOf<EventType> | undefined)?.(event, facts) ?? []))
            }
            return events
          },
        }
        const metadata = { actor: 'test', correlationId: null, causationId: null, traceparent: null }
        const command = operation.schema.parse(body)
        const [result] = await executor.run(tenant.id, [{ operation: watched, id, command, metadata }])
        expect([name, result?.kind]).toEqual([name, 'accepted'])
        return taken.flatMap((one) => booked(one, 'BDT')).map(({ role, base }) => [role, base / 100n])
      }
      try {
        const dollars = (fxRate: string) => ({ customerId: 'c', currency: 'USD', fxRate })
        const lines = [{ unitPrice: '100.00' }]
        for (const id of ['i', 'j']) {
          await run('invoice.create', id, {
            ...dollars('110'),
            status: 'APPROVED',
            invoiceDate: '2026-08-01',
            lines,
          })
        }
        const allocations = [{ invoiceId: 'i', amount: '100.00' }]
        const received = { ...dollars('112'), amount: '150.00', paymentDate: '2026-08-02', allocations }
        expect(await run('payment.receive', 'p', received)).toEqual([
          ['cash', 1_680_000n],
          ['receivables', -1_680_000n],
          ['receivables', 20_000n],
          ['fx-gain', -20_000n],
        ])
        await run('payment.allocate', 'p', { allocations: [{ invoiceId: 'j', amount: '50.00' }] })
        expect(await run('invoice.cancel', 'i', {})).toEqual([
          ['receivables', -1_100_000n],
          ['revenue', 1_100_000n],
          ['receivables', -20_000n],
          ['fx-gain', 20_000n],
        ])
        expect(await run('payment.reverse', 'p', {})).toEqual([
          ['cash', -1_680_000n],
          ['receivables', 1_680_000n],
          ['receivables', -10_000n],
          ['fx-gain', 10_000n],
        ])
      } finally {
        await pool.end()
      }
    })

    it('in a foreign currency wait for each other, whichever end is undone first', async () => {
      const tenant = await tenantOf('sales-both-ends')
      const other = await Service.open(stack)
      const dollars = { customerId: 'c', currency: 'USD', fxRate: '110' }
      const ids = Array.from({ length: 8 }, (_, index) => String(index))
      try {
        for (const id of ids) {
          const lines = [{ unitPrice: '10.00' }]
          const invoiceDate = '2026-08-01'
          await tenant.post('/v1/invoices', {
            ...dollars,
            id: `i${id}`,
            status: 'APPROVED',
            invoiceDate,
            lines,
          })
          const allocations = [{ invoiceId: `i${id}`, amount: '10.00' }]
          const paid = { ...dollars, id: `p${id}`, amount: '10.00', paymentDate: '2026-08-02', allocations }
          expect((await tenant.post('/v1/payments', paid)).status).toBe(201)
        }
        const answers = await Promise.all(
          ids.flatMap((id) => [
            tenant.post(`/v1/invoices/i${id}/cancel`, {}),
            tenant.post(`/v1/payments/p${id}/reverse`, {}, {}, other),
          ]),
        )
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
        const open = 'select count(*) as open from finance.allocations where to_day is null'
        expect(await rowsOf(stack.databaseUrl, tenant.id, open)).toEqual([{ open: '0' }])
      } finally {
        await other.close()
      }
    })

    it('keep what was settled before there were other settlements than payments; and never lose the others', async () => {
      const tenant = await tenantOf('sales-migration')
      await tenant.invoice('', { id: 'i', ...sold })
      await tenant.payment('15.00', { id: 'p', allocations: [{ invoiceId: 'i', amount: '15.00' }] })
      await tenant.post('/v1/invoices/i/write-off', { amount: '5.00' })
      const [up = '', down = ''] = (await readFile(MIGRATION, 'utf8')).split('-- Down Migration')
      const owner = new pg.Client({ connectionString: stack.databaseOwnerUrl })
      await owner.connect()
      try {
        await owner.query('begin')
        await expect(owner.query(down)).rejects.toThrow('has settlements that the older form')
        await owner.query('rollback')

        await owner.query('begin')
        await owner.query('alter table finance.allocations no force row level security')
        await owner.query(
          "delete from finance.allocations where source_type <> 'payment' or target_type <> 'invoice'",
        )
        // Views of purchases stand on it.
        await owner.query(
          'drop view finance.vendors, finance.bills, finance.vendor_payments, finance.expenses',
        )
        await owner.query(down)
        await owner.query(`set local app.current_tenant = '${tenant.id}'`)
        const old = 'select payment_id, payment_version, invoice_id, amount from finance.allocations'
        const row = { payment_id: 'p', payment_version: '1', invoice_id: 'i', amount: '15.0000' }
        expect((await owner.query(old)).rows).toEqual([row])
        await owner.query(up)
        const now = 'select source_type, source_id, target_type, target_id, amount from finance.allocations'
        expect((await owner.query(now)).rows).toEqual([
          {
            source_type: 'payment',
            source_id: 'p',
            target_type: 'invoice',
            target_id: 'i',
            amount: '15.0000',
          },
        ])
        const { rows } = await owner.query(
          'select open_amount, (select unapplied_amount from finance.payments) from finance.invoices',
        )
        expect(rows).toEqual([{ open_amount: '100.0000', unapplied_amount: '0.0000' }])
      } finally {
        await owner.query('rollback')
        await owner.end()
      }
    })
  },
)
