/** What decisions know, for tests: books in BDT, Dhaka, on 23 November 2026. */
import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import type { Facts } from '../../../producers/kernel/events.ts'
import { Refusal } from '../../../producers/kernel/errors.ts'
import type { LineContext } from '../../../producers/kernel/lines.ts'
import type { CustomerState } from '../../../producers/customers/decide.ts'
import type { VendorState } from '../../../producers/vendors/decide.ts'
import { defaultTaxRates } from '../../../schemas/rules/tax-rates.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'

export const TODAY = parseDay('2026-11-23')

export const facts: Facts = {
  nowMs: Date.parse('2026-11-23T06:00:00Z'),
  today: TODAY,
  tenant: { name: 'Books', zone: 'Asia/Dhaka', currency: 'BDT', fiscalYearStart: '07-01' },
  taxRates: defaultTaxRates,
}

export const customer: CustomerState = {
  ...defaultsOf('CustomerCreated'),
  customerNumber: 'C-1',
  name: 'Rahim Traders',
  nameBn: null,
  currency: null,
  paymentTermsDays: 30,
  creditLimit: null,
  email: null,
  phone: null,
  country: null,
}

export const vendor: VendorState = {
  ...defaultsOf('VendorCreated'),
  vendorNumber: 'V-1',
  name: 'Karim Steel',
  tin: '123456789012',
  paymentTermsDays: 45,
}

/** Rice is sold to the usual account, advice to its own, and old is not sold any more. */
export const productOf: LineContext['productOf'] = (id) =>
  ({
    rice: { stocked: true, active: true, salesAccountId: null },
    advice: { stocked: false, active: true, salesAccountId: '4300' },
    old: { stocked: true, active: false, salesAccountId: null },
  })[id]

/** Code of the refusal, or 'accepted'. */
export function outcome(work: () => unknown): string {
  try {
    work()
    return 'accepted'
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}
