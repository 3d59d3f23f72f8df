/** What decisions know, for tests: books in BDT, Dhaka, on 23 November 2026. */
import type { Facts } from '../../../producers/kernel/events.ts'
import { Refusal } from '../../../producers/kernel/errors.ts'
import type { CustomerState } from '../../../producers/customers/decide.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'

export const TODAY = parseDay('2026-11-23')

export const facts: Facts = {
  nowMs: Date.parse('2026-11-23T06:00:00Z'),
  today: TODAY,
  tenant: { name: 'Books', zone: 'Asia/Dhaka', currency: 'BDT', fiscalYearStart: '07-01' },
}

export const customer: CustomerState = {
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
