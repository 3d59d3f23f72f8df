/** Owns the import of customers: a row is a customer. */
import { masterKind } from '../masters.ts'

export const kind = masterKind({
  name: 'customers',
  summary: 'customers with their terms, addresses and tax numbers',
  type: 'customer.create',
  identity: 'customerId',
  number: 'customerNumber',
  columns: {
    customerId: { doc: "the customer's id or number, once in the file", required: true, as: 'text' },
    name: { doc: 'its name', required: true, as: 'text' },
    nameBn: { doc: 'its name in Bengali', as: 'text' },
    currency: { doc: 'currency of its invoices, ISO 4217', as: 'text' },
    paymentTermsDays: { doc: 'days until an invoice is due', as: 'number' },
    creditLimit: { doc: 'most that it may owe', as: 'decimal' },
    email: { doc: 'e-mail address', as: 'text' },
    phone: { doc: 'mobile or international number', as: 'text' },
    country: { doc: 'country', as: 'text' },
    tin: { doc: 'e-TIN, 12 digits', as: 'text' },
    bin: { doc: 'BIN, 13 digits', as: 'text' },
    nid: { doc: 'national id', as: 'text' },
    addressLine: { doc: 'street and house', as: 'text' },
    district: { doc: 'district', as: 'text' },
    division: { doc: 'division; follows from the district', as: 'text' },
    postcode: { doc: 'postcode', as: 'text' },
    segment: { doc: 'segment', as: 'text' },
    salespersonId: { doc: 'who looks after it', as: 'id' },
  },
})
