/** Payments of both directions behind one path. */
import { describe, expect, it } from '@jest/globals'
import { openApiDocument } from '../../../../producers/http/openapi.ts'
import { parseBody } from '../../../../producers/http/request.ts'
import { OPERATIONS } from '../../../../producers/kernel/catalogue.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import { PurchaseBooks } from '../purchase-books.ts'

const operation = (name: string) => {
  const found = OPERATIONS.find((one) => one.name === name)
  if (!found) throw new Error(name)
  return found
}
/** Pointers of the wrong fields of a body. */
const wrong = (name: string, body: object): readonly string[] => {
  try {
    parseBody(operation(name).schema, body)
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.options.errors?.map(({ pointer }) => pointer) ?? []
    throw error
  }
}

describe('the body of a payment', () => {
  const receipt = { customerId: 'c', amount: '1.00' }
  const outlay = { direction: 'out', vendorId: 'v', amount: '1.00' }

  it.each<[object, readonly string[]]>([
    [receipt, []],
    [{ ...receipt, direction: 'in' }, []],
    [outlay, []],
    [{ ...receipt, direction: 'sideways' }, ['/direction']],
    [{ ...receipt, direction: 'out' }, ['/vendorId', '']],
    [{ ...outlay, direction: 'in' }, ['/customerId', '']],
    [{ ...receipt, amount: 'NaN' }, ['/amount']],
    [{ ...outlay, amount: '1e30' }, ['/amount']],
    [{ ...outlay, allocations: [{ billId: 'b', amount: '-1' }] }, ['/allocations/0/amount']],
    [
      { ...outlay, allocations: [{ invoiceId: 'i', amount: '1' }] },
      ['/allocations/0/billId', '/allocations/0'],
    ],
    [
      {
        ...outlay,
        allocations: [
          { billId: 'b', amount: '1' },
          { billId: 'b', amount: '1' },
        ],
      },
      ['/allocations'],
    ],
  ])('%j: %j', (body, expected) => {
    expect(wrong('payment.receive', body)).toEqual(expected)
  })

  it.each<[readonly object[], readonly string[]]>([
    [[{ invoiceId: 'i', amount: '1' }], []],
    [[{ billId: 'b', amount: '1' }], []],
    [[{ amount: '1' }], ['/allocations/0']],
    [[{ invoiceId: 'i', billId: 'b', amount: '1' }], ['/allocations/0']],
    [
      [
        { billId: 'b', amount: '1' },
        { invoiceId: 'i', amount: '1' },
      ],
      ['/allocations'],
    ],
    [
      [
        { billId: 'b', amount: '1' },
        { billId: 'b', amount: '2' },
      ],
      ['/allocations'],
    ],
    [[], ['/allocations']],
    [[{ billId: 'b', amount: 1 }], ['/allocations/0/amount']],
  ])('allocates %j: %j', (allocations, expected) => {
    expect(wrong('payment.allocate', { allocations })).toEqual(expected)
  })
})

describe('operations on a payment', () => {
  it('go by the payment that is there', () => {
    const books = new PurchaseBooks(['b', 'p', 'x'])
    const lines = [{ unitPrice: '10.00' }]
    books.must('bill.create', 'b', { vendorId: 'v', status: 'APPROVED', lines })
    books.must('payment.receive', 'p', { direction: 'out', vendorId: 'v', amount: '10.00' })
    books.must('payment.allocate', 'p', { allocations: [{ billId: 'b', amount: '4.00' }] })
    books.must('payment.reverse', 'p', {})
    expect(books.session.events.slice(-3).map(({ event }) => event.type)).toEqual([
      'VendorPaymentSent',
      'VendorPaymentAllocated',
      'VendorPaymentReversed',
    ])
    expect(books.run('payment.receive', 'p', { direction: 'out', vendorId: 'v', amount: '1.00' })).toBe(
      'already_exists',
    )
    expect(books.run('payment.fail', 'p', {})).toBe('payment_reversed')
    expect(books.run('payment.fail', 'x', {})).toBe('payment_not_found')
  })

  it("give a vendor's own number again when its bill is cancelled", () => {
    const books = new PurchaseBooks(['1', '2', '3'])
    const bill = (vendorInvoiceNumber: string, vendorId = 'v') => ({
      vendorId,
      vendorInvoiceNumber,
      lines: [{ unitPrice: '10.00' }],
    })
    books.must('bill.create', '1', bill('K-1'))
    expect(books.run('bill.create', '2', bill('k-1'))).toBe('duplicate_vendor_invoice')
    books.must('bill.create', '2', bill('K-1', 'w'))
    books.must('bill.cancel', '1', {})
    books.must('bill.create', '3', bill('K-1'))
    // What this session itself had taken needs no freeing in the store.
    expect(books.session.freedNumbers).toEqual([])
    const taken = books.session.newNumbers.filter(({ kind }) => kind === 'vendor-invoice')
    expect(taken.map(({ number, id }) => [number, id])).toEqual([
      ['w K-1', '2'],
      ['v K-1', '3'],
    ])
  })
})

describe('the OpenAPI document', () => {
  it('has all paths of purchases, and both directions of a payment', () => {
    const { paths } = openApiDocument() as {
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: object }> } } }>
    }
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/v1/vendors',
        '/v1/vendors/{id}/update',
        '/v1/bills',
        '/v1/bills/{id}/approve',
        '/v1/bills/{id}/cancel',
        '/v1/bills/{id}/due-date',
        '/v1/bills/{id}/dispute',
        '/v1/bills/{id}/write-off',
        '/v1/expenses/{id}/cancel',
      ]),
    )
    const schemaOf = (path: string) => paths[path]?.post.requestBody.content['application/json']?.schema
    expect(schemaOf('/v1/payments')).toMatchObject({
      oneOf: [
        { properties: { customerId: {} } },
        { properties: { vendorId: {}, direction: { const: 'out' } } },
      ],
    })
    expect(schemaOf('/v1/payments/{id}/allocate')).toMatchObject({
      properties: { allocations: { items: { properties: { invoiceId: {}, billId: {} } } } },
    })
  })
})
