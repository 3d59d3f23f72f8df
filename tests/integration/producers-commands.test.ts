/**
 * The command service over a real Postgres, two of it where it matters: numbers, keys, versions, batches, refusals.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { describeStack } from '../support/stack.ts'
import { type Answer, prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

describeStack('the command service', ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'], (stack) => {
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
  const statuses = (answers: readonly Answer[]) => {
    const counts: Record<string, number> = {}
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }
  const events = (tenant: string) =>
    rowsOf<{ event_type: string; aggregate_id: string; version: string }>(
      stack.databaseUrl,
      tenant,
      'select event_type, aggregate_id, version from finance.event_store order by position',
    )

  describe('numbers', () => {
    it('have no gap and no double after 1,000 parallel creations in two processes, refusals among them', async () => {
      const tenant = await Tenant.open(one, 'numbers')
      const answers = await Promise.all(
        Array.from({ length: 1_250 }, (_, i) =>
          tenant.invoice('10.00', i % 5 === 4 ? { customerId: 'nobody' } : {}, i % 2 === 0 ? one : two),
        ),
      )
      expect(statuses(answers)).toEqual({ 201: 1_000, 422: 250 })
      const rows = await rowsOf<{ number: string; mushak: string }>(
        stack.databaseUrl,
        tenant.id,
        'select invoice_number as number, mushak_number as mushak from finance.invoices',
      )
      const serials = (texts: readonly string[]) =>
        texts.map((text) => Number(text.slice(-6))).toSorted((a, b) => a - b)
      const wanted = Array.from({ length: 1_000 }, (_, i) => i + 1)
      expect(serials(rows.map((row) => row.number))).toEqual(wanted)
      expect(serials(rows.map((row) => row.mushak))).toEqual(wanted)
      for (const { mushak } of rows) expect(mushak).toMatch(/^MUSHAK-6\.3-\d{4}-\d{2}-\d{6}$/)
    }, 60_000)

    it('go on over a month and begin anew with a fiscal year', async () => {
      const tenant = await Tenant.open(one, 'years')
      const numbers: unknown[] = []
      for (const invoiceDate of ['2026-05-31', '2026-06-01', '2026-06-30', '2026-07-01']) {
        const { body } = await tenant.invoice('10.00', { invoiceDate })
        const sql = 'select invoice_number, mushak_number from finance.invoices where invoice_id = $1'
        numbers.push(Object.values((await rowsOf(stack.databaseUrl, tenant.id, sql, [body.id]))[0] ?? {}))
      }
      expect(numbers).toEqual([
        ['INV-2025-26-000001', 'MUSHAK-6.3-2026-05-000001'],
        ['INV-2025-26-000002', 'MUSHAK-6.3-2026-06-000002'],
        ['INV-2025-26-000003', 'MUSHAK-6.3-2026-06-000003'],
        ['INV-2026-27-000001', 'MUSHAK-6.3-2026-07-000001'],
      ])
    })

    it('given from outside are taken once, and generated ones go on after those of another system', async () => {
      const tenant = await Tenant.open(one, 'given')
      const given = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          tenant.invoice('5.00', { invoiceNumber: 'A-1' }, i % 2 ? one : two),
        ),
      )
      expect(statuses(given)).toEqual({ 201: 1, 409: 9 })
      const elsewhere = {
        invoiceNumber: 'INV-2026-27-000041',
        issuedElsewhere: true,
        invoiceDate: '2026-08-01',
      }
      expect((await tenant.invoice('5.00', elsewhere)).status).toBe(201)
      const { body } = await tenant.invoice('5.00', { invoiceDate: '2026-08-02' })
      const sql = 'select invoice_number from finance.invoices where invoice_id = $1'
      expect(await rowsOf(stack.databaseUrl, tenant.id, sql, [body.id])).toEqual([
        { invoice_number: 'INV-2026-27-000042' },
      ])
    })
  })

  describe('an Idempotency-Key', () => {
    it('is required where money moves, and only there', async () => {
      const tenant = await Tenant.open(one, 'keys')
      const bare = (path: string, body: unknown) => one.send('POST', path, { token: tenant.token, body })
      for (const path of ['/v1/invoices', '/v1/payments', '/v1/expenses', '/v1/payments/p/reverse']) {
        expect((await bare(path, {})).body.code).toBe('idempotency_key_missing')
      }
      expect((await bare('/v1/customers', { name: 'B' })).status).toBe(201)
    })

    it('gives the same answer again, and refuses another body', async () => {
      const tenant = await Tenant.open(one, 'replay')
      const key = { 'idempotency-key': 'k-1' }
      const body = { customerId: 'c', amount: '10.00', reference: 'chq 7' }
      const first = await tenant.post('/v1/payments', body, key)
      const again = await tenant.post(
        '/v1/payments',
        { reference: 'chq 7', amount: '10.00', customerId: 'c' },
        key,
        two,
      )
      expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([201, null])
      expect([again.status, again.headers.get('idempotent-replayed'), again.body]).toEqual([
        201,
        'true',
        first.body,
      ])
      expect(again.headers.get('location')).toBe(first.headers.get('location'))
      const other = await tenant.post('/v1/payments', { ...body, amount: '11.00' }, key)
      expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
      const elsewhere = await tenant.post('/v1/expenses', { category: 'rent', netAmount: '1.00' }, key)
      expect(elsewhere.body.code).toBe('idempotency_key_reused')
    })

    it('lets one of many parallel requests through', async () => {
      const tenant = await Tenant.open(one, 'race')
      const key = { 'idempotency-key': 'k-1' }
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          tenant.post('/v1/payments', { customerId: 'c', amount: '10.00' }, key, i % 2 ? one : two),
        ),
      )
      const ids = new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.body.id))
      expect(ids.size).toBe(1)
      const others = answers.filter((answer) => answer.status !== 201).map((answer) => answer.body.code)
      expect(others.filter((code) => code !== 'idempotency_key_in_progress')).toEqual([])
      expect(
        (await events(tenant.id)).filter((event) => event.event_type === 'PaymentReceived'),
      ).toHaveLength(1)
    })

    it('that is in use elsewhere is answered at once, without waiting', async () => {
      const tenant = await Tenant.open(one, 'inuse')
      const other = new pg.Client({ connectionString: stack.databaseUrl })
      await other.connect()
      try {
        await other.query('begin')
        await other.query("select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || 'k-1', 7))", [
          tenant.id,
        ])
        const pay = () =>
          tenant.post('/v1/payments', { customerId: 'c', amount: '1.00' }, { 'idempotency-key': 'k-1' })
        const answer = await pay()
        expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([
          409,
          'idempotency_key_in_progress',
          '1',
        ])
        await other.query('rollback')
        expect((await pay()).status).toBe(201)
      } finally {
        await other.end()
      }
    })

    it('of a refused command is free: nothing was stored', async () => {
      const tenant = await Tenant.open(one, 'free')
      const key = { 'idempotency-key': 'k-1' }
      const before = await events(tenant.id)
      expect((await tenant.post('/v1/payments', { customerId: 'x', amount: '1.00' }, key)).status).toBe(422)
      expect((await tenant.post('/v1/payments', { customerId: 'c', amount: '-1.00' }, key)).status).toBe(400)
      expect(await events(tenant.id)).toEqual(before)
      const keys = await rowsOf<{ n: string }>(
        stack.databaseUrl,
        tenant.id,
        'select count(*) as n from finance.idempotency_keys where key = $1',
        ['k-1'],
      )
      expect(keys).toEqual([{ n: '0' }])
      expect((await tenant.post('/v1/payments', { customerId: 'c', amount: '1.00' }, key)).status).toBe(201)
    })

    it('belongs to a tenant', async () => {
      const key = { 'idempotency-key': 'shared' }
      const body = { customerId: 'c', amount: '1.00' }
      const [a, b] = [await Tenant.open(one, 'key-a'), await Tenant.open(one, 'key-b')]
      const first = await a.post('/v1/payments', body, key)
      const second = await b.post('/v1/payments', body, key)
      expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([201, null])
      expect(second.body.id).not.toBe(first.body.id)
    })
  })

  describe('versions', () => {
    it('let one of two writers with the same If-Match through', async () => {
      const tenant = await Tenant.open(one, 'match')
      for (let round = 0; round < 5; round++) {
        const id = `draft-${round}`
        await tenant.invoice('10.00', { id, status: 'DRAFT' })
        const due = (dueDate: string, service: Service) =>
          tenant.post(`/v1/invoices/${id}/due-date`, { dueDate }, { 'if-match': '"1"' }, service)
        const answers = await Promise.all([due('2027-01-01', one), due('2027-01-02', two)])
        expect(statuses(answers)).toEqual({ 202: 1, 412: 1 })
        const stale = answers.find((answer) => answer.status === 412)
        expect(stale?.body).toMatchObject({ code: 'version_stale', currentVersion: 2 })
      }
    })

    it('let one of two approvals through without If-Match; the other is told the version', async () => {
      const tenant = await Tenant.open(one, 'lost')
      await tenant.invoice('10.00', { id: 'd', status: 'DRAFT' })
      const answers = await Promise.all(
        [one, two].map((service) => tenant.post('/v1/invoices/d/approve', {}, {}, service)),
      )
      expect(statuses(answers)).toEqual({ 202: 1, 409: 1 })
      expect(answers.find((answer) => answer.status === 409)?.body).toMatchObject({ currentVersion: 2 })
      const stored = (await events(tenant.id)).filter((event) => event.aggregate_id === 'd')
      expect(stored.map((event) => [event.event_type, event.version])).toEqual([
        ['InvoiceCreated', '1'],
        ['InvoiceApproved', '2'],
      ])
    })

    it('let one of two creations with one id through', async () => {
      const tenant = await Tenant.open(one, 'twins')
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          tenant.invoice(`${i + 1}.00`, { id: 'twin' }, i % 2 ? one : two),
        ),
      )
      expect(statuses(answers)).toEqual({ 201: 1, 409: 11 })
    })
  })

  it('calls a payment that came twice at the same time a repetition, not an excess', async () => {
    const tenant = await Tenant.open(one, 'same')
    for (let round = 0; round < 8; round++) {
      await tenant.invoice('30.00', { id: `i${round}` })
      const pay = (service: Service) =>
        tenant.payment(
          '30.00',
          { id: `p${round}`, allocations: [{ invoiceId: `i${round}`, amount: '30.00' }] },
          service,
        )
      const answers = await Promise.all([pay(one), pay(two)])
      const codes = new Set(answers.map((answer) => answer.body.code ?? answer.status))
      expect(codes).toEqual(new Set([201, 'already_exists']))
    }
  })

  it('never allocates more than is open, whoever comes at the same time', async () => {
    const tenant = await Tenant.open(one, 'open')
    await tenant.invoice('100.00', { id: 'i' })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        tenant.payment('30.00', { allocations: [{ invoiceId: 'i', amount: '30.00' }] }, i % 2 ? one : two),
      ),
    )
    expect(statuses(answers)).toEqual({ 201: 3, 422: 9 })
    const sql = 'select open_amount from finance.invoices'
    expect(await rowsOf(stack.databaseUrl, tenant.id, sql)).toEqual([{ open_amount: '10.0000' }])
  })

  describe('a batch', () => {
    const item = (type: string, body: object, more: object = {}) => ({ type, body, ...more })
    const batch = (tenant: Tenant, items: unknown[]) =>
      tenant.post('/v1/import-batches', { importId: 'b', items })
    const results = (answer: Answer) =>
      (answer.body['results'] as { status: string; problem?: { code: string } }[]).map(
        (one_) => one_.problem?.code ?? one_.status,
      )
    const items = [
      item('customer.create', { id: 'k', name: 'K' }),
      item('invoice.create', {
        id: 'i1',
        customerId: 'k',
        status: 'APPROVED',
        lines: [{ unitPrice: '50.00' }],
      }),
      item('invoice.create', { id: 'i2', customerId: 'gone', lines: [{ unitPrice: '50.00' }] }),
      item('payment.receive', {
        id: 'p1',
        customerId: 'k',
        amount: '50.00',
        allocations: [{ invoiceId: 'i1', amount: '50.00' }],
      }),
      item('invoice.create', { customerId: 'k', lines: [{ unitPrice: '50.00' }] }),
      item('invoice.create', { id: 'i3', customerId: 'k', lines: [{ unitPrice: 'x' }] }),
      item('payment.reverse', { reason: 'bounced' }, { id: 'p1', key: 'reverse-p1' }),
      item('payment.reverse', {}, { id: 'p1' }),
    ]
    const expected = [
      'accepted',
      'accepted',
      'reference_not_found',
      'accepted',
      'validation_failed',
      'validation_failed',
      'accepted',
      'idempotency_key_missing',
    ]

    it('is decided item by item, and repeating it changes nothing', async () => {
      const tenant = await Tenant.open(one, 'batch')
      expect(results(await batch(tenant, items))).toEqual(expected)
      const stored = await events(tenant.id)
      const types = stored.map((event) => event.event_type).filter((type) => type !== 'AccountCreated')
      expect(types).toEqual([
        'TenantRegistered',
        'CustomerCreated',
        'CustomerCreated',
        'InvoiceCreated',
        'JournalEntryPosted',
        'PaymentReceived',
        'JournalEntryPosted',
        'PaymentReversed',
        'JournalEntryPosted',
      ])
      expect(results(await batch(tenant, items))).toEqual(
        expected.map((code) => (code === 'accepted' ? 'exists' : code)),
      )
      const other = item('invoice.create', {
        id: 'i1',
        customerId: 'k',
        status: 'APPROVED',
        lines: [{ unitPrice: '51.00' }],
      })
      expect(results(await batch(tenant, [other]))).toEqual(['already_exists'])
      expect(await events(tenant.id)).toEqual(stored)
    })

    it('sent twice at the same time stores everything once', async () => {
      const tenant = await Tenant.open(one, 'twice')
      const many = [
        item('customer.create', { id: 'k', name: 'K' }),
        ...Array.from({ length: 150 }, (_, i) =>
          item('invoice.create', {
            id: `i${i}`,
            customerId: 'k',
            status: 'APPROVED',
            lines: [{ unitPrice: '1.00' }],
          }),
        ),
      ]
      const answers = await Promise.all(
        [one, two].map((service) =>
          tenant.post('/v1/import-batches', { importId: 'b', items: many }, {}, service),
        ),
      )
      for (const answer of answers)
        expect(results(answer).filter((code) => code !== 'accepted' && code !== 'exists')).toEqual([])
      expect((await events(tenant.id)).filter((event) => event.event_type === 'InvoiceCreated')).toHaveLength(
        150,
      )
    }, 30_000)

    it('takes a draft and its approval in one go, with a Mushak number', async () => {
      const tenant = await Tenant.open(one, 'draft')
      const draft = item('invoice.create', {
        id: 'd',
        customerId: 'c',
        invoiceDate: '2026-08-01',
        lines: [{ unitPrice: '1.00' }],
      })
      expect(
        results(await batch(tenant, [draft, item('invoice.approve', {}, { id: 'd', key: 'd-approve' })])),
      ).toEqual(['accepted', 'accepted'])
      const sql = 'select mushak_number from finance.invoices'
      expect(await rowsOf(stack.databaseUrl, tenant.id, sql)).toEqual([
        { mushak_number: 'MUSHAK-6.3-2026-08-000001' },
      ])
    })
  })
})
