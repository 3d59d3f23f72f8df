/**
 * Products, stock, targets, tax rates and validation rules over a real Postgres: what is stored and what is not, in two
 * processes where it matters.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describeStack } from '../support/stack.ts'
import { freshTenant } from '../support/http.ts'
import { type Answer, prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

describeStack('master data', ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'], (stack) => {
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
  const codes = (answers: readonly Answer[]) => answers.map(({ status, body }) => body.code ?? status)
  const pointers = (answer: Answer) =>
    (answer.body['errors'] as { pointer: string }[]).map((one_) => one_.pointer)
  const countOf = async (tenant: string) =>
    (
      await rowsOf<{ n: string }>(stack.databaseUrl, tenant, 'select count(*) as n from finance.event_store')
    )[0]?.n
  const rate = async (body: object) => {
    const token = await one.token('any', 'operator')
    return one.send('POST', '/v1/reference/tax-rates', { token, body })
  }

  describe('customers and products', () => {
    it('are stored with all their fields, and read in SQL', async () => {
      const tenant = await Tenant.open(one, 'masters')
      const customer = {
        id: 'k',
        name: 'K',
        bin: '003065823-0101',
        district: 'Comilla',
        kycStatus: 'VERIFIED',
        loyaltyPoints: 5,
      }
      const product = {
        id: 'p',
        sku: 'RICE',
        name: 'Rice',
        unit: 'MAUND',
        hsCode: '1006.30',
        salePrice: '1250.50',
      }
      expect(
        codes([await tenant.post('/v1/customers', customer), await tenant.post('/v1/products', product)]),
      ).toEqual([201, 201])
      const read = (sql: string) => rowsOf(stack.databaseUrl, tenant.id, sql)
      expect(
        await read(
          `select bin, district, division, kyc_status, loyalty_points, active from finance.customers where customer_id = 'k'`,
        ),
      ).toEqual([
        {
          bin: '0030658230101',
          district: 'Cumilla',
          division: 'Chattogram',
          kyc_status: 'VERIFIED',
          loyalty_points: '5',
          active: true,
        },
      ])
      expect(
        await read('select sku, unit, hs_code, vat_code, sale_price, stocked from finance.products'),
      ).toEqual([
        {
          sku: 'RICE',
          unit: 'MAUND',
          hs_code: '100630',
          vat_code: 'standard',
          sale_price: '1250.5000',
          stocked: true,
        },
      ])
      const again = await tenant.post('/v1/products', { id: 'q', sku: 'RICE', name: 'Q', unit: 'KG' })
      expect([again.body.code, pointers(again)]).toEqual(['number_taken', ['/sku']])
      expect(
        codes([await tenant.post('/v1/products/p/update', { sku: 'R2', name: 'Rice', unit: 'MAUND' })]),
      ).toEqual([202])
      expect(
        codes([await tenant.post('/v1/products', { id: 'q', sku: 'R2', name: 'Q', unit: 'KG' })]),
      ).toEqual(['number_taken'])
    })
  })

  describe('stock', () => {
    it('is never below nothing and loses no poisha when two processes move it at once', async () => {
      const tenant = await Tenant.open(one, 'stock')
      await tenant.post('/v1/products', { id: 'p', name: 'Rice', unit: 'KG' })
      const move = (body: object, service = one) =>
        tenant.post('/v1/stock-movements', { productId: 'p', ...body }, {}, service)
      const receipt = await move({
        movement: 'RECEIPT',
        quantity: '70',
        value: '1000.00',
        movementId: 'grn-1',
      })
      expect([receipt.status, receipt.body.id, receipt.headers.get('location')]).toEqual([
        202,
        'p',
        '/v1/products/p',
      ])
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          move({ movement: 'ISSUE', quantity: '1' }, i % 2 === 0 ? one : two),
        ),
      )
      expect(codes(answers).filter((code) => code === 202)).toHaveLength(70)
      expect(codes(answers).filter((code) => code === 'insufficient_stock')).toHaveLength(30)
      const [sums] = await rowsOf<Record<string, string>>(
        stack.databaseUrl,
        tenant.id,
        `select sum((event_data->>'value')::numeric) as value, sum((event_data->>'quantity')::numeric) as quantity,
                count(distinct event_data->>'movementId') as ids, count(*) as n
         from finance.event_store where event_type = 'StockMoved'`,
      )
      expect(sums).toEqual({ value: '0.0000', quantity: '0.0000', ids: '71', n: '71' })
      expect(await rowsOf(stack.databaseUrl, tenant.id, 'select quantity, value from finance.stock')).toEqual(
        [{ quantity: '0.0000', value: '0.0000' }],
      )
      expect(
        codes([await move({ movement: 'RECEIPT', quantity: '1', value: '1.00', movementId: 'grn-1' })]),
      ).toEqual(['number_taken'])
    }, 60_000)

    it('has one first receipt when two come at once, and keeps both', async () => {
      const tenant = await Tenant.open(one, 'first')
      await tenant.post('/v1/products', { id: 'p', name: 'Rice', unit: 'KG', batchTracked: true })
      const answers = await Promise.all(
        [one, two].map((service, i) =>
          tenant.post(
            '/v1/stock-movements',
            { productId: 'p', movement: 'RECEIPT', quantity: '1', value: '1.00', batch: `b${i}` },
            {},
            service,
          ),
        ),
      )
      expect(codes(answers)).toEqual([202, 202])
      expect(
        await rowsOf(
          stack.databaseUrl,
          tenant.id,
          'select warehouse, batch, quantity from finance.stock_places order by batch',
        ),
      ).toEqual([
        { warehouse: 'main', batch: 'b0', quantity: '1.0000' },
        { warehouse: 'main', batch: 'b1', quantity: '1.0000' },
      ])
      const update = await tenant.post('/v1/products/p/update', {
        name: 'Rice',
        unit: 'BOSTA',
        batchTracked: true,
      })
      expect([update.body.code, pointers(update)]).toEqual(['stock_on_hand', ['/unit']])
    })

    it('never has a unit that its product has not, however an update and a first receipt meet', async () => {
      const tenant = await Tenant.open(one, 'units')
      const ids = Array.from({ length: 40 }, (_, i) => `p${i}`)
      await Promise.all(ids.map((id) => tenant.post('/v1/products', { id, name: id, unit: 'KG' })))
      const receipt = { movement: 'RECEIPT', quantity: '1', value: '1.00' }
      const answers = await Promise.all(
        ids.map((productId) =>
          Promise.all([
            tenant.post('/v1/stock-movements', { productId, ...receipt }, {}, one),
            tenant.post(`/v1/products/${productId}/update`, { name: 'New', unit: 'BOSTA' }, {}, two),
          ]),
        ),
      )
      for (const [moved, updated] of answers) {
        expect([moved.status, [202, 422].includes(updated.status)]).toEqual([202, true])
      }
      const differ = await rowsOf(
        stack.databaseUrl,
        tenant.id,
        `select p.product_id from finance.products p join finance.event_store e
           on e.aggregate_id = p.product_id and e.event_type = 'StockMoved' where e.event_data->>'unit' <> p.unit`,
      )
      expect(differ).toEqual([])
    })

    it('moves in a batch of an import once, however often the batch is sent; and not without a key', async () => {
      const tenant = await Tenant.open(one, 'stockbatch')
      await tenant.post('/v1/products', { id: 'p', name: 'Rice', unit: 'KG' })
      const body = { productId: 'p', movement: 'RECEIPT', quantity: '1', value: '1.00' }
      const send = (item: object) =>
        tenant.post('/v1/import-batches', {
          importId: 'i',
          items: [{ type: 'stock-movement.record', body, ...item }],
        })
      const states = async (item: object) =>
        ((await send(item)).body['results'] as { status: string; problem?: { code: string } }[]).map(
          (result) => result.problem?.code ?? result.status,
        )
      expect(await states({ key: 'k1' })).toEqual(['accepted'])
      expect(await states({ key: 'k1' })).toEqual(['exists'])
      expect(await states({})).toEqual(['idempotency_key_missing'])
      expect(await rowsOf(stack.databaseUrl, tenant.id, 'select quantity from finance.stock')).toEqual([
        { quantity: '1.0000' },
      ])
    })
  })

  describe('targets', () => {
    it('are set, set anew and withdrawn under one id', async () => {
      const tenant = await Tenant.open(one, 'targets')
      const target = {
        measure: 'netRevenue',
        slice: 'category:Rice & more',
        from: '2026-11-01',
        to: '2026-11-30',
        amount: '100.00',
      }
      const first = await tenant.post('/v1/targets', target)
      const second = await tenant.post('/v1/targets', { ...target, amount: '200.00' })
      expect([first.status, first.body.version, second.body.version, second.body.id]).toEqual([
        201,
        1,
        2,
        first.body.id,
      ])
      const path = `${first.headers.get('location')}/withdraw`
      expect(
        codes([
          await tenant.post('/v1/targets', { ...target, amount: '200.00' }),
          await tenant.post(path, {}),
          await tenant.post(path, {}),
        ]),
      ).toEqual(['nothing_changed', 202, 'target_withdrawn'])
      expect(
        await rowsOf(stack.databaseUrl, tenant.id, 'select measure, amount, withdrawn from finance.targets'),
      ).toEqual([{ measure: 'netRevenue', amount: '200.0000', withdrawn: true }])
    })
  })

  describe('tax rates', () => {
    it('that an operator sets hold for every tenant, in every process, from the next command on', async () => {
      const tenant = await Tenant.open(one, 'rates')
      const code = `code-${freshTenant('x')
        .slice(-12)
        .replaceAll(/[^a-z0-9]/g, '0')}`
      const product = (id: string, service: Service) =>
        tenant.post('/v1/products', { id, name: id, unit: 'KG', vatCode: code }, {}, service)
      expect(codes([await product('a', one), await product('a', two)])).toEqual([
        'validation_failed',
        'validation_failed',
      ])
      const set = { code, rate: '0.1', validFrom: '2020-01-01', name: 'Test' }
      expect(codes([await rate(set)])).toEqual([201])
      expect(codes([await product('a', two), await product('b', one)])).toEqual([201, 201])
      expect(codes([await rate({ ...set, validTo: '2020-12-31' })])).toEqual([201])
      expect(codes([await product('c', one), await product('c', two)])).toEqual([
        'validation_failed',
        'validation_failed',
      ])
    })

    it('can be read by every tenant and written by none', async () => {
      const tenant = await Tenant.open(one, 'foreign')
      await rate({ code: 'read-by-all', rate: '0.1', validFrom: '2020-01-01', name: 'Test' })
      const read = (sql: string) => rowsOf(stack.databaseUrl, tenant.id, sql)
      const mine = await read("select state->>'code' as code from finance.tax_rates() as state")
      expect(mine).toContainEqual({ code: 'read-by-all' })
      // The question about tax rates opens nothing for what comes after it.
      const after = `select distinct a.tenant_id from finance.tax_rates() r, finance.aggregates a`
      expect(await read(after)).toEqual([{ tenant_id: tenant.id }])
      for (const table of ['aggregates', 'counters']) {
        expect(await read(`select 1 from finance.${table} where tenant_id = '~'`)).toEqual([])
      }
      expect(
        await read(`update finance.aggregates set version = 9 where tenant_id = '~' returning 1`),
      ).toEqual([])
    })
  })

  describe('validation rules', () => {
    const dear = {
      id: 'dear',
      operation: 'invoice.create',
      condition: { field: 'lines[*].unitPrice', op: 'gt', value: '1000' },
      message: 'The director signs prices above 1000',
    }

    it('refuse from the next command on, in every process, in batches too, and store nothing', async () => {
      const tenant = await Tenant.open(one, 'rules')
      const other = await Tenant.open(one, 'norules')
      expect(codes([await tenant.invoice('1000.01')])).toEqual([201])
      const set = await tenant.post('/v1/validation-rules', { rules: [dear] })
      expect([set.status, set.body.id]).toEqual([201, tenant.id])
      const before = await countOf(tenant.id)
      for (const service of [one, two]) {
        const refused = await tenant.invoice('1000.01', {}, service)
        expect(refused.status).toBe(422)
        expect(refused.body).toMatchObject({
          code: 'rule_refused',
          rule: 'dear',
          detail: 'The director signs prices above 1000 (rule dear)',
          errors: [{ pointer: '/lines/0/unitPrice' }],
        })
      }
      const body = { id: 'i', customerId: 'c', lines: [{ unitPrice: '5000.00' }] }
      const batch = await tenant.post('/v1/import-batches', {
        importId: 'i',
        items: [
          { type: 'invoice.create', body },
          { type: 'customer.create', body: { id: 'n', name: 'N' } },
        ],
      })
      expect(batch.body['results']).toMatchObject([
        { status: 'refused', problem: { code: 'rule_refused' } },
        { status: 'accepted' },
      ])
      expect(Number(await countOf(tenant.id))).toBe(Number(before) + 1)
      expect(codes([await tenant.invoice('1000.00'), await other.invoice('1000.01')])).toEqual([201, 201])
      expect(
        codes([
          await tenant.post('/v1/validation-rules', { rules: [] }),
          await tenant.invoice('1000.01', {}, two),
        ]),
      ).toEqual([201, 201])
    })

    it('do not hide that an equal document is there already', async () => {
      const tenant = await Tenant.open(one, 'ruleagain')
      const item = {
        type: 'invoice.create',
        body: { id: 'i', customerId: 'c', lines: [{ unitPrice: '5000.00' }] },
      }
      const send = async () =>
        (await tenant.post('/v1/import-batches', { importId: 'i', items: [item] })).body['results']
      expect(await send()).toMatchObject([{ status: 'accepted' }])
      await tenant.post('/v1/validation-rules', { rules: [dear] })
      expect(await send()).toMatchObject([{ status: 'exists' }])
    })

    it.each([
      [{ operation: 'invoice.creat' }, '/rules/0/operation'],
      [{ condition: { field: 'lines[*].price', op: 'missing' } }, '/rules/0/condition/field'],
      [{ condition: { field: 'currency', op: 'gt', value: 'x' } }, '/rules/0/condition/value'],
    ])('that can not be meant are refused: %j at %s', async (more, pointer) => {
      const tenant = await Tenant.open(one, 'badrule')
      const before = await countOf(tenant.id)
      const refused = await tenant.post('/v1/validation-rules', { rules: [{ ...dear, ...more }] })
      expect([refused.status, pointers(refused), await countOf(tenant.id)]).toEqual([400, [pointer], before])
    })
  })
})
