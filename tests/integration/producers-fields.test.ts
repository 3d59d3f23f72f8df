/**
 * What commands say in their fields, over HTTP: accounts, parties and products that they name, numbers of the tax office,
 * texts and amounts are refused with a pointer and nothing is stored; rates that reference data sets reach every document.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'
import { prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

type Case = readonly [path: string, body: object, code: string, pointer: string]

describeStack('fields of commands', ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'], (stack) => {
  let service: Service
  let tenant: Tenant
  const must = async (path: string, body: object): Promise<void> => {
    const answer = await tenant.post(path, body)
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body))
  }
  const vendor = (id: string) => ({ id, name: 'Karim Steel', tin: '123456789012' })
  beforeAll(async () => {
    await prepareStore(stack)
    service = await Service.open(stack)
    tenant = await Tenant.open(service, 'fields')
    await must('/v1/vendors', vendor('v'))
    await must('/v1/accounts', { code: '6998', name: 'Gone', accountClass: 'EXPENSE', id: 'gone' })
    await must('/v1/accounts/gone/deactivate', {})
    await must('/v1/customers', { id: 'gone', name: 'Gone', active: false })
    await must('/v1/vendors', { ...vendor('gone'), active: false })
    await must('/v1/products', { id: 'gone', name: 'Gone', unit: 'KG', active: false })
    await must('/v1/periods/close', { through: '2020-12-31' })
  }, 60_000)
  afterAll(() => service.close())

  const sql = <T extends Record<string, unknown>>(text: string) =>
    rowsOf<T>(stack.databaseUrl, tenant.id, text)
  const TABLES = [
    'event_store',
    'aggregates',
    'business_numbers',
    'journal_lines',
    'allocations',
    'idempotency_keys',
  ]
  const stored = () => {
    const counts = TABLES.map((table) => `(select count(*) from finance.${table}) as ${table}`)
    return sql(`select ${counts.join(', ')}, (select sum(value) from finance.counters) as serials`)
  }
  async function refusesAll(cases: readonly Case[]): Promise<void> {
    const before = await stored()
    const told: unknown[] = []
    for (const [path, body] of cases) {
      const { status, body: problem } = await tenant.post(path, body)
      const [first] = (problem['errors'] ?? []) as { pointer: string }[]
      told.push([path, body, status < 300 ? 'accepted' : problem.code, first?.pointer])
    }
    expect(told).toEqual(cases)
    expect(await stored()).toEqual(before)
  }

  const line = (more: object = {}) => ({ lines: [{ unitPrice: '1.00', ...more }] })
  const documents: readonly (readonly [string, object])[] = [
    ['/v1/invoices', { customerId: 'c' }],
    ['/v1/bills', { vendorId: 'v' }],
    ['/v1/credit-notes', { customerId: 'c' }],
  ]
  const invoice = (more: object) => ['/v1/invoices', { customerId: 'c', ...line(), ...more }] as const
  const received = (more: object) => ['/v1/payments', { customerId: 'c', amount: '1.00', ...more }] as const
  const sent = (more: object) =>
    ['/v1/payments', { direction: 'out', vendorId: 'v', amount: '1.00', ...more }] as const
  const spent = (more: object) => ['/v1/expenses', { category: 'rent', netAmount: '1.00', ...more }] as const
  const product = (more: object) => ['/v1/products', { name: 'Rice', unit: 'KG', ...more }] as const
  const entry = (amount: string, more: object = {}) =>
    [
      '/v1/journal-entries',
      {
        status: 'POSTED',
        lines: [
          { accountCode: '6100', debit: amount },
          { accountId: '1110', credit: '1.00', ...more },
        ],
      },
    ] as const

  it('that state an account, in a draft too: it exists, is active, and takes such lines', async () => {
    const wrong = [
      ['none', 'reference_not_found'],
      ['gone', 'account_inactive'],
      ['1200', 'account_control'],
    ] as const
    await refusesAll(
      wrong.flatMap(([accountId, code]): Case[] => [
        ...documents.map(([path, body]): Case => {
          const lines = [{ unitPrice: '1.00' }, { unitPrice: '1.00', accountId }]
          return [path, { ...body, lines }, code, '/lines/1/accountId']
        }),
        [...invoice({ status: 'DRAFT', ...line({ accountId }) }), code, '/lines/0/accountId'],
        [...received({ accountId }), code, '/accountId'],
        [...sent({ accountId }), code, '/accountId'],
        [...spent({ accountId }), code, '/accountId'],
        [...spent({ paidFromAccountId: accountId, status: 'APPROVED' }), code, '/paidFromAccountId'],
        [...product({ salesAccountId: accountId }), code, '/salesAccountId'],
        [...product({ cogsAccountId: accountId }), code, '/cogsAccountId'],
        [...entry('1.00', { accountId }), code, '/lines/1/accountId'],
      ]),
    )
    await refusesAll([
      [...product({ inventoryAccountId: '5010' }), 'account_control', '/inventoryAccountId'],
      [...product({ inventoryAccountId: 'none' }), 'reference_not_found', '/inventoryAccountId'],
    ])
  }, 60_000)

  it('that name parties and products which are not there, or not active', async () => {
    await refusesAll([
      [...invoice({ customerId: 'none' }), 'reference_not_found', '/customerId'],
      [...invoice({ customerId: 'gone' }), 'customer_inactive', '/customerId'],
      [...received({ customerId: 'none' }), 'reference_not_found', '/customerId'],
      ['/v1/bills', { vendorId: 'gone', ...line() }, 'vendor_inactive', '/vendorId'],
      [...spent({ vendorId: 'gone' }), 'vendor_inactive', '/vendorId'],
      ...documents.flatMap(([path, body]): Case[] => [
        [path, { ...body, ...line({ productId: 'none' }) }, 'reference_not_found', '/lines/0/productId'],
        [path, { ...body, ...line({ productId: 'gone' }) }, 'product_inactive', '/lines/0/productId'],
      ]),
    ])
    // What was sold to one who is not active any more can still be paid and credited.
    await must(...received({ customerId: 'gone' }))
    await must('/v1/credit-notes', { customerId: 'gone', ...line() })
  }, 60_000)

  it('with wrong VAT codes, BINs, texts, closed days and entries that do not balance', async () => {
    const customer = { name: 'Rahim Traders' }
    await refusesAll([
      ...documents.map(([path, body]): Case => {
        return [path, { ...body, ...line({ vatCode: 'nonsense' }) }, 'validation_failed', '/lines/0/vatCode']
      }),
      ['/v1/customers', { ...customer, bin: '00306582301' }, 'validation_failed', '/bin'],
      ['/v1/customers', { ...customer, bin: 'A03065823-0101' }, 'validation_failed', '/bin'],
      ['/v1/vendors', { ...vendor('x'), bin: '003065823-01' }, 'validation_failed', '/bin'],
      ['/v1/customers', { name: 'x'.repeat(201) }, 'validation_failed', '/name'],
      ['/v1/customers', { name: 'a\u0000b' }, 'validation_failed', '/name'],
      [...invoice({ reference: 'x'.repeat(201) }), 'validation_failed', '/reference'],
      [...received({ reference: 'a\u001bb' }), 'validation_failed', '/reference'],
      [...spent({ description: 'a\u007fb' }), 'validation_failed', '/description'],
      [...invoice({ status: 'APPROVED', invoiceDate: '2020-12-31' }), 'period_closed', '/invoiceDate'],
      [...received({ paymentDate: '2020-12-31' }), 'period_closed', '/paymentDate'],
      [...sent({ paymentDate: '2020-12-31' }), 'period_closed', '/paymentDate'],
      [...spent({ status: 'APPROVED', expenseDate: '2020-12-31' }), 'period_closed', '/expenseDate'],
      [...entry('2.00'), 'journal_unbalanced', '/lines'],
    ])
  }, 60_000)

  it('with amounts of 0, below, beyond, of no number, or of more decimals than the currency has', async () => {
    const amounts = ['0', '-1', '1e30', 'NaN', '1000000000', '1.005', '']
    await refusesAll(
      amounts.flatMap((amount): Case[] => [
        ...documents.map(([path, body]): Case => {
          return [
            path,
            { ...body, ...line({ unitPrice: amount }) },
            'validation_failed',
            '/lines/0/unitPrice',
          ]
        }),
        [...received({ amount }), 'validation_failed', '/amount'],
        [...sent({ amount }), 'validation_failed', '/amount'],
        [...spent({ netAmount: amount }), 'validation_failed', '/netAmount'],
        [...entry(amount), 'validation_failed', '/lines/0/debit'],
      ]),
    )
    const yen = { currency: 'JPY', fxRate: '0.78' }
    const dinar = { currency: 'KWD', fxRate: '390' }
    await refusesAll([
      [...invoice({ ...yen, ...line({ unitPrice: '100.5' }) }), 'validation_failed', '/lines/0/unitPrice'],
      [...received({ ...yen, amount: '100.5' }), 'validation_failed', '/amount'],
      [...sent({ ...dinar, amount: '1.0005' }), 'validation_failed', '/amount'],
    ])
    await must(...received({ ...dinar, amount: '1.005' }))
  }, 60_000)

  it('take the rate that reference data sets, in invoices, bills and credit notes, by their own days', async () => {
    const code = `rate-${freshTenant('x').slice(-12)}`.replaceAll(/[^a-z0-9-]/g, '0')
    const token = await service.token(tenant.id, 'operator')
    const set = (rate: string, validFrom: string) =>
      service.send('POST', '/v1/reference/tax-rates', {
        token,
        body: { code, rate, validFrom, name: 'Test' },
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
    expect([(await set('0.1', '2026-01-01')).status, (await set('0.12', '2026-07-01')).status]).toEqual([
      201, 201,
    ])
    const on = { invoices: 'invoiceDate', bills: 'billDate', 'credit-notes': 'creditDate' } as const
    for (const [kind, field] of Object.entries(on)) {
      const party = kind === 'bills' ? { vendorId: 'v' } : { customerId: 'c' }
      const body = { ...party, ...line({ unitPrice: '100.00', vatCode: code }) }
      await must(`/v1/${kind}`, { ...body, id: 'old', [field]: '2026-06-30' })
      await must(`/v1/${kind}`, { ...body, id: 'new', [field]: '2026-07-01' })
      const early = { ...body, [field]: '2025-12-31' }
      await refusesAll([[`/v1/${kind}`, early, 'validation_failed', '/lines/0/vatCode']])
    }
    const rows = await sql(
      `select event_type, aggregate_id as id, (event_data->>'vatAmount')::numeric(18, 2)::text as vat
       from finance.event_store where aggregate_id in ('old', 'new') and event_data ? 'vatAmount' order by position`,
    )
    expect(rows).toEqual(
      ['InvoiceCreated', 'BillReceived', 'CreditNoteIssued'].flatMap((event_type) => [
        { event_type, id: 'old', vat: '10.00' },
        { event_type, id: 'new', vat: '12.00' },
      ]),
    )
  }, 60_000)
})
