/** Purchases over a real Postgres, by two processes where it matters: vendors, bills, payments to vendors, expenses. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describeStack } from '../support/stack.ts'
import { type Answer, prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

const vendor = { id: 'v', name: 'Karim Steel', tin: '1234-5678-9012', bin: '003065823-0101' }
const lines = [{ unitPrice: '100.00', vatCode: 'standard', category: 'rent' }]

describeStack(
  'purchases',
  ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret'],
  (stack) => {
    let one: Service
    let two: Service
    let tenant: Tenant
    beforeAll(async () => {
      await prepareStore(stack)
      one = await Service.open(stack)
      two = await Service.open(stack)
      tenant = await Tenant.open(one, 'purchases')
      await must(tenant.post('/v1/vendors', vendor))
    })
    afterAll(async () => {
      await one.close()
      await two.close()
    })

    const must = async (asked: Promise<Answer>): Promise<Answer> => {
      const answer = await asked
      if (answer.status >= 300) throw new Error(JSON.stringify(answer.body))
      return answer
    }
    const bill = (more: object, service = one) =>
      tenant.post('/v1/bills', { vendorId: 'v', status: 'APPROVED', lines, ...more }, {}, service)
    const pay = (more: object, service = one) =>
      tenant.post('/v1/payments', { direction: 'out', vendorId: 'v', ...more }, {}, service)
    const query = <T extends Record<string, unknown>>(sql: string, values: unknown[] = []) =>
      rowsOf<T>(stack.databaseReaderUrl, tenant.id, sql, values)
    const billRow = async (id: string) => {
      const sql = `select status, open_amount::text as open, payment_status as paid from finance.bills where bill_id = $1`
      const [row] = await query<{ status: string; open: string; paid: string | null }>(sql, [id])
      return row
    }
    const codes = (answers: readonly Answer[]) =>
      answers.map(({ status, body }) => (status < 300 ? 'accepted' : (body.code ?? '?'))).toSorted()

    it('a vendor is stored with digits only and seen by its own tenant alone', async () => {
      const [row] = await query('select tin, bin, active from finance.vendors where vendor_id = $1', ['v'])
      expect(row).toEqual({ tin: '123456789012', bin: '0030658230101', active: true })
      const { id: _id, ...fields } = vendor
      await must(tenant.post('/v1/vendors/v/update', { ...fields, rating: 4 }))
      for (const view of ['vendors', 'bills', 'vendor_payments']) {
        const sql = `select 1 from finance.${view}`
        expect(await rowsOf(stack.databaseReaderUrl, undefined, sql)).toEqual([])
        expect(await rowsOf(stack.databaseReaderUrl, 'somebody-else', sql)).toEqual([])
      }
    })

    it('a bill goes from draft to paid by parts, an advance and a write-off', async () => {
      await must(bill({ id: 'b1', status: 'DRAFT', vdsRate: '0.15', tdsRate: '0.05' }))
      expect(await billRow('b1')).toEqual({ status: 'DRAFT', open: '0', paid: null })
      await must(tenant.post('/v1/bills/b1/approve', {}))
      // 100.00 + 15.00 - 15.00 VDS - 5.00 TDS
      expect(await billRow('b1')).toEqual({ status: 'APPROVED', open: '95.0000', paid: 'OPEN' })
      await must(pay({ id: 'p1', amount: '40.00', allocations: [{ billId: 'b1', amount: '40.00' }] }))
      await must(pay({ id: 'p2', amount: '60.00' }))
      const allocations = [{ billId: 'b1', amount: '50.00' }]
      await must(tenant.post('/v1/payments/p2/allocate', { allocations }))
      expect(await billRow('b1')).toEqual({ status: 'APPROVED', open: '5.0000', paid: 'PARTIALLY_PAID' })
      await must(tenant.post('/v1/bills/b1/write-off', {}))
      expect(await billRow('b1')).toEqual({ status: 'APPROVED', open: '0.0000', paid: 'PAID' })
      const left = 'select unapplied_amount::text as left from finance.vendor_payments where payment_id = $1'
      expect(await query(left, ['p2'])).toEqual([{ left: '10.0000' }])
      await must(tenant.post('/v1/payments/p2/reverse', {}))
      expect(await billRow('b1')).toMatchObject({ open: '50.0000' })
      await must(tenant.post('/v1/payments/p1/fail', {}))
      await must(tenant.post('/v1/bills/b1/cancel', {}))
      expect(await billRow('b1')).toEqual({ status: 'CANCELLED', open: '0', paid: null })
      const open = `select 1 from finance.allocations where target_type = 'bill' and target_id = $1 and to_day is null`
      expect(await query(open, ['b1'])).toEqual([])
    })

    it('payments to vendors are none that came in, and settle bills only', async () => {
      await must(tenant.invoice('10.00', { id: 'i1' }))
      await must(tenant.payment('10.00', { id: 'in1' }))
      await must(pay({ id: 'out1', amount: '10.00' }))
      const ids = async (view: string) =>
        (await query<{ payment_id: string }>(`select payment_id from finance.${view}`)).map(
          (row) => row.payment_id,
        )
      expect([(await ids('payments')).includes('out1'), (await ids('payments')).includes('in1')]).toEqual([
        false,
        true,
      ])
      expect((await ids('vendor_payments')).includes('in1')).toBe(false)
      const allocate = (id: string, part: object) =>
        tenant.post(`/v1/payments/${id}/allocate`, { allocations: [{ ...part, amount: '1.00' }] })
      expect((await allocate('out1', { invoiceId: 'i1' })).body.code).toBe('payment_direction')
      expect((await allocate('in1', { billId: 'b1' })).body.code).toBe('payment_direction')
      expect((await pay({ id: 'in1', amount: '1.00' })).body.code).toBe('already_exists')
    })

    it('in a foreign currency come back and are cancelled with all that the books have to know', async () => {
      const usd = { currency: 'USD', fxRate: '120' }
      const dollars = [{ unitPrice: '100.00', category: 'software' }]
      await must(bill({ id: 'u1', ...usd, lines: dollars }))
      await must(bill({ id: 'u2', ...usd, lines: dollars }))
      const allocations = ['u1', 'u2'].map((billId) => ({ billId, amount: '40.00' }))
      await must(pay({ id: 'pu', ...usd, fxRate: '118', amount: '90.00', allocations }))
      await must(tenant.post('/v1/bills/u1/cancel', {}))
      await must(tenant.post('/v1/payments/pu/reverse', {}))
      expect(await billRow('u2')).toMatchObject({ open: '100.0000', paid: 'OPEN' })
    })

    it("takes a vendor's own number once, of two at the same time too, and again after a cancellation", async () => {
      const twice = await Promise.all(
        [one, two].map((service, index) =>
          bill({ id: `d${index}`, vendorInvoiceNumber: index === 0 ? 'K-77' : 'k-77' }, service),
        ),
      )
      expect(codes(twice)).toEqual(['accepted', 'duplicate_vendor_invoice'])
      const first = twice.find(({ status }) => status === 201)?.body.id ?? ''
      await must(tenant.post(`/v1/bills/${first}/cancel`, {}))
      await must(bill({ id: 'd2', vendorInvoiceNumber: 'K-77' }))
      expect((await bill({ vendorInvoiceNumber: 'K-77' })).body.code).toBe('duplicate_vendor_invoice')
    })

    it('lets the service take no other number out', async () => {
      const remove = (kind: string) =>
        rowsOf(
          stack.databaseUrl,
          tenant.id,
          'delete from finance.business_numbers where kind = $1 returning 1',
          [kind],
        )
      expect(await remove('bill')).toEqual([])
      expect(await remove('vendor')).toEqual([])
    })

    it('gives numbers without a gap to 60 bills and 60 payments at once, refusals among them', async () => {
      const other = await Tenant.open(one, 'bill-numbers')
      await must(other.post('/v1/vendors', vendor))
      const answers = await Promise.all(
        Array.from({ length: 150 }, (_unused, index) => {
          const vendorId = index % 5 === 4 ? 'nobody' : 'v'
          const [path, body] =
            index % 2 === 0
              ? ['/v1/bills', { vendorId, lines }]
              : ['/v1/payments', { direction: 'out', vendorId, amount: '1.00' }]
          return other.post(path as string, body, {}, index % 3 === 0 ? two : one)
        }),
      )
      expect(codes(answers).filter((code) => code !== 'accepted')).toEqual(
        Array.from({ length: 30 }, () => 'reference_not_found'),
      )
      const serials = async (view: string, column: string) => {
        const sql = `select ${column} as number from finance.${view} order by 1`
        const rows = await rowsOf<{ number: string }>(stack.databaseReaderUrl, other.id, sql)
        expect(rows[0]?.number).toMatch(/^(?:BILL|VPAY)-\d{4}-\d{2}-000001$/)
        return rows.map((row) => Number(row.number.slice(-6)))
      }
      const wanted = Array.from({ length: 60 }, (_unused, index) => index + 1)
      expect(await serials('bills', 'bill_number')).toEqual(wanted)
      expect(await serials('vendor_payments', 'payment_number')).toEqual(wanted)
    }, 60_000)

    it('never pays a bill twice, whatever comes at once', async () => {
      await must(bill({ id: 'race', lines: [{ unitPrice: '100.00' }] }))
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_unused, index) => {
          const service = index % 2 === 0 ? one : two
          return index % 4 === 3
            ? tenant.post('/v1/bills/race/write-off', { amount: '30.00' }, {}, service)
            : pay({ amount: '30.00', allocations: [{ billId: 'race', amount: '30.00' }] }, service)
        }),
      )
      expect(answers.filter(({ status }) => status < 300)).toHaveLength(3)
      expect(await billRow('race')).toMatchObject({ open: '10.0000' })
    })

    it('an expense is recorded with what is withheld, and cancelled once', async () => {
      const body = { id: 'e1', category: 'rent', netAmount: '100.00', vatAmount: '15.00', vendorId: 'v' }
      await must(tenant.post('/v1/expenses', { ...body, vdsRate: '0.15', status: 'APPROVED' }))
      const sql = `select status, vendor_name, vds_withheld::text as vds from finance.expenses where expense_id = 'e1'`
      expect(await query(sql)).toEqual([{ status: 'APPROVED', vendor_name: 'Karim Steel', vds: '15.0000' }])
      await must(tenant.post('/v1/expenses/e1/cancel', { reason: 'entered twice' }))
      expect((await tenant.post('/v1/expenses/e1/cancel', {})).body.code).toBe('expense_cancelled')
    })

    describe('refuses, with a pointer to the field, and stores nothing:', () => {
      const line = (more: object) => ({ lines: [{ unitPrice: '10.00', ...more }] })
      it.each<[string, object, string]>([
        ['/v1/vendors', { name: 'No TIN' }, '/tin'],
        ['/v1/vendors', { name: 'X', tin: '12345678901' }, '/tin'],
        ['/v1/vendors', { name: 'X', tin: '123456789012', bin: '12345' }, '/bin'],
        ['/v1/vendors', { name: 'X', tin: '123456789012', district: 'Gotham' }, '/district'],
        ['/v1/vendors', { name: 'a\u0007', tin: '123456789012' }, '/name'],
        ['/v1/bills', { vendorId: 'nobody', lines }, '/vendorId'],
        ['/v1/bills', { vendorId: 'v', ...line({ vatCode: 'nonsense' }) }, '/lines/0/vatCode'],
        ['/v1/bills', { vendorId: 'v', ...line({ unitPrice: '0' }) }, '/lines/0/unitPrice'],
        ['/v1/bills', { vendorId: 'v', ...line({ unitPrice: '-1' }) }, '/lines/0/unitPrice'],
        ['/v1/bills', { vendorId: 'v', ...line({ unitPrice: '1e30' }) }, '/lines/0/unitPrice'],
        ['/v1/bills', { vendorId: 'v', ...line({ unitPrice: 'NaN' }) }, '/lines/0/unitPrice'],
        ['/v1/bills', { vendorId: 'v', ...line({ unitPrice: '1.005' }) }, '/lines/0/unitPrice'],
        ['/v1/bills', { vendorId: 'v', ...line({ productId: 'nothing' }) }, '/lines/0/productId'],
        ['/v1/bills', { vendorId: 'v', ...line({ description: 'x'.repeat(501) }) }, '/lines/0/description'],
        ['/v1/bills', { vendorId: 'v', lines, tdsRate: '1.5' }, '/tdsRate'],
        ['/v1/bills', { vendorId: 'v', lines, vdsWithheld: '15.01' }, '/vdsWithheld'],
        ['/v1/bills', { vendorId: 'v', lines, dueDate: '2020-01-01' }, '/dueDate'],
        ['/v1/payments', { direction: 'out', vendorId: 'nobody', amount: '1.00' }, '/vendorId'],
        ['/v1/payments', { direction: 'sideways', vendorId: 'v', amount: '1.00' }, '/direction'],
        [
          '/v1/payments',
          {
            direction: 'out',
            vendorId: 'v',
            amount: '1.00',
            allocations: [{ billId: 'b1', amount: '1.01' }],
          },
          '/allocations/0/billId',
        ],
        [
          '/v1/payments',
          {
            direction: 'out',
            vendorId: 'v',
            amount: '1.00',
            allocations: [{ billId: 'race', amount: '1.01' }],
          },
          '/allocations/0/amount',
        ],
        ['/v1/expenses', { category: 'x', netAmount: '1.00', tdsWithheld: '1.00' }, '/tdsWithheld'],
      ])('%s %j', async (path, body, pointer) => {
        const count = async () =>
          (await query<{ n: string }>('select count(*) as n from finance.event_store'))[0]?.n
        const before = await count()
        const { status, body: problem } = await tenant.post(path, body)
        const pointers = (problem['errors'] as { pointer: string }[] | undefined)?.map((one_) => one_.pointer)
        expect([status >= 400 && status < 500, pointers?.[0]]).toEqual([true, pointer])
        expect(await count()).toBe(before)
      })
    })
  },
)
