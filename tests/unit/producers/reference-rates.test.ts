/** Documents take the rates that reference data set, not those of the built-in table. */
import { expect, it } from '@jest/globals'
import { createInvoice } from '../../../producers/invoices/commands.ts'
import { decideCreate } from '../../../producers/invoices/decide.ts'
import { customer, facts, productOf } from './facts.ts'

it('an invoice has the VAT of the rate that was set for its day', () => {
  const taxRates = { rateOn: () => ({ rate: 20_000_000n, perUnit: null, creditable: true }) }
  const [event] = decideCreate(
    null,
    createInvoice.parse({ customerId: 'c', lines: [{ unitPrice: '100.00', vatCode: 'standard' }] }),
    {
      ...facts,
      taxRates,
      id: 'i',
      customer,
      numberOwner: undefined,
      serials: { invoice: 1, mushak: 0 },
      productOf,
    },
  )
  expect(event?.data.vatAmount).toBe(200_000n)
})
