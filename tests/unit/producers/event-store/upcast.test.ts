/** Events as older code stored them, read by today's. */
import { describe, expect, it } from '@jest/globals'
import { SCHEMA_VERSION, upcast } from '../../../../producers/event-store/upcast.ts'
import { AVRO_TYPES, SCHEMAS } from '../../../../schemas/codec/avro-types.ts'
import { completed } from '../../../../schemas/codec/defaults.ts'
import { EVENT_TYPES } from '../../../../schemas/generated/records.ts'
import { sampleOf } from '../../codec/samples.ts'

const known: ReadonlySet<string> = new Set(EVENT_TYPES)
const read = (type: string, data: object, metadata = {}, schemaVersion = SCHEMA_VERSION) =>
  upcast({ type, schemaVersion, data, metadata }, known)

/** As the command service stored it before lines had discounts and invoices instalments. */
const CREATED = {
  invoiceNumber: 'INV-2026-27-000001',
  customerId: 'c',
  customerName: 'Rahim Traders',
  currency: 'BDT',
  fxRate: '1.00000000',
  invoiceDate: 20_780,
  dueDate: 20_810,
  category: '',
  productCategory: '',
  subtotal: '100.0500',
  vatAmount: '15.0100',
  total: '115.0600',
  status: 'DRAFT',
  mushakNumber: null,
  fiscalYear: '2026-27',
  disputed: false,
  reference: '',
  lines: [
    {
      description: 'Rice',
      quantity: '3.0000',
      unitPrice: '33.3500',
      netAmount: '100.0500',
      vatCode: 'standard',
      vatRate: '0.15000000',
      vatAmount: '15.0100',
    },
  ],
}

describe('an event that older code stored', () => {
  it('has the defaults of fields that came later, also in its lines', () => {
    const { type, data } = read('InvoiceCreated', CREATED)
    expect(type).toBe('InvoiceCreated')
    expect(data).toMatchObject({
      total: 1_150_600n,
      discountAmount: 0n,
      instalments: [],
      salespersonId: null,
      lines: [{ netAmount: 1_000_500n, discount: 0n, sdAmount: 0n, productId: null, unit: '' }],
    })
  })

  it('says in its field what stood beside it', () => {
    const { mushakNumber: _, ...rest } = CREATED
    const approved = { ...rest, approvedDate: 20_781 }
    expect(read('InvoiceApproved', approved, { actor: 'a', mushakNumber: 'M-1' }).data).toMatchObject({
      mushakNumber: 'M-1',
    })
    expect(read('InvoiceApproved', approved).data).toMatchObject({ mushakNumber: null })
    expect(
      read('InvoiceApproved', { ...approved, mushakNumber: 'M-2' }, { mushakNumber: 'M-1' }).data,
    ).toMatchObject({ mushakNumber: 'M-2' })
  })

  it('is refused when its version or its type is of newer code', () => {
    expect(() => read('InvoiceCreated', CREATED, {}, SCHEMA_VERSION + 1)).toThrow(/start a newer one/)
    expect(() => read('InvoiceSung', {})).toThrow('InvoiceSung is no event of the catalogue')
  })
})

describe('completing a payload', () => {
  const ENVELOPE = new Set(Object.keys(sampleOf(SCHEMAS.Tick) as object).slice(0, 11))

  it.each([...EVENT_TYPES])('of %s gives what a reader finds in its bytes', (type) => {
    const whole = sampleOf(SCHEMAS[type]) as Record<string, unknown>
    const own = Object.fromEntries(Object.entries(whole).filter(([name]) => !ENVELOPE.has(name)))
    expect(completed(type, whole)).toEqual(own)
    // A plain Avro writer puts the default where a field is absent.
    const bare = sampleOf(SCHEMAS[type], true) as Record<string, unknown>
    const read = AVRO_TYPES[type].fromBuffer(AVRO_TYPES[type].toBuffer(bare)) as object
    const found = Object.fromEntries(Object.entries(read).filter(([name]) => !ENVELOPE.has(name)))
    expect(completed(type, bare)).toEqual(found)
  })
})
