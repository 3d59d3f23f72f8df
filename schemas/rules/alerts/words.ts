/** What alerts say: message, recommendation and the figures behind them. PURE. English; the page has the words in Bengali by rule. */
import {
  type Amount,
  divideRounded,
  formatAmount,
  formatDecimal,
  plainDecimal as plain,
} from '../../values/amount.ts'
import { type EpochDay, formatDay } from '../../values/calendar.ts'
import { HORIZON_DAYS, type Projection } from './cash-flow.ts'
import type { Reading } from './crossing.ts'
import type { NearPayment, Strangeness } from './detectors.ts'
import type { AlertRule } from './rules.ts'

export interface Words {
  readonly message: string
  readonly recommendation: string
  readonly inputs: Readonly<Record<string, string>>
}

const sideOf = (rule: AlertRule): string =>
  `${rule.operator === 'ABOVE' ? 'above' : 'below'} ${plain(rule.threshold)}`

export const amountReading = (amount: Amount, currency: string): Reading => ({
  numerator: amount,
  denominator: 10_000n,
  text: formatAmount(amount, currency),
})

/** `part` of `whole` in per cent; null where there is no whole. */
export function shareReading(part: Amount, whole: Amount): Reading | null {
  if (whole <= 0n) return null
  // Four decimals, so that what is just past 20 % does not read as 20.
  const shown = divideRounded(part * 1_000_000n, whole)
  return { numerator: part * 100n, denominator: whole, text: plain(formatDecimal(shown, 4)) }
}

export function cashFlowWords(projection: Projection, today: EpochDay, currency: string): Words {
  const { cash, lowest, lowestOn, shortageOn, inflow, outflow } = projection
  const text = (amount: Amount) => `${formatAmount(amount, currency)} ${currency}`
  const inputs = {
    cash: formatAmount(cash, currency),
    inflow: formatAmount(inflow, currency),
    outflow: formatAmount(outflow, currency),
    lowest: formatAmount(lowest, currency),
    lowestOn: formatDay(lowestOn),
    horizonDays: String(HORIZON_DAYS),
    ...(shortageOn === null
      ? {}
      : { shortageOn: formatDay(shortageOn), daysToShortage: String(shortageOn - today) }),
  }
  const recommendation =
    'Speed up receivables (reminders, discounts for early payment) or delay payables that can wait.'
  if (shortageOn === null) {
    return {
      message: `The projected balance falls to ${text(lowest)} on ${formatDay(lowestOn)}.`,
      recommendation,
      inputs,
    }
  }
  const days = shortageOn - today
  const when = days === 0 ? 'today' : days === 1 ? 'in 1 day' : `in ${days} days`
  const message = `Cash runs short ${when} (${formatDay(shortageOn)}): the projected balance falls to ${text(lowest)} within ${HORIZON_DAYS} days.`
  return { message, recommendation, inputs }
}

export function over90Words(over90: Amount, total: Amount, share: string, currency: string): Words {
  return {
    message: `${share} % of open receivables are more than 90 days past due: ${formatAmount(over90, currency)} of ${formatAmount(total, currency)} ${currency}.`,
    recommendation:
      'Start collection: call the largest debtors first, stop their credit, agree on instalments.',
    inputs: { over90: formatAmount(over90, currency), total: formatAmount(total, currency) },
  }
}

export function measureWords(
  rule: AlertRule,
  reading: Reading,
  inputs: Readonly<Record<string, string>>,
): Words {
  const name = rule.window === '' ? rule.measure : `${rule.measure} (${rule.window})`
  return {
    message: `${name} is ${plain(reading.text)}, ${sideOf(rule)}.`,
    recommendation: 'Look at what it is made of: /v1/kpis/NAME/explain lists the documents behind a KPI.',
    inputs,
  }
}

export const failedWords = (paymentId: string, direction: 'in' | 'out', reason: string): Words => ({
  message: `Payment ${direction === 'in' ? 'from a customer' : 'to a vendor'} ${paymentId} failed${reason === '' ? '' : `: ${reason}`}.`,
  recommendation:
    direction === 'in'
      ? 'Ask the customer for another way to pay; what it had settled is open again.'
      : 'Check the account and the instructions, then pay again before the bill is overdue.',
  inputs: { paymentId, direction, reason },
})

export function structuringWords(
  customerId: string,
  payments: readonly NearPayment[],
  threshold: Amount,
  currency: string,
): Words {
  const sum = payments.reduce((all, { amount }) => all + amount, 0n)
  const days = (payments.at(-1)?.day ?? 0) - (payments[0]?.day ?? 0) + 1
  return {
    message: `${payments.length} payments of customer ${customerId} within ${days} days, each just under ${formatAmount(threshold, currency)} ${currency}, ${formatAmount(sum, currency)} together.`,
    recommendation: 'Ask where the money comes from, and report it if the answer does not satisfy.',
    inputs: {
      customerId,
      sum: formatAmount(sum, currency),
      payments: payments.map(({ id }) => id).join(' '),
      from: formatDay(payments[0]?.day ?? 0),
      to: formatDay(payments.at(-1)?.day ?? 0),
    },
  }
}

export function anomalyWords(
  flow: string,
  day: EpochDay,
  value: Amount,
  { median2 }: Strangeness,
  currency: string,
): Words {
  const median = formatDecimal(median2 * 5n, 4, 5)
  return {
    message: `${flow} of ${formatDay(day)} was ${formatAmount(value, currency)} ${currency}: unlike the same weekday of the weeks before, ${plain(median)} in the middle.`,
    recommendation: 'Look at the documents of that day: something large, missing, or booked twice.',
    inputs: { day: formatDay(day), value: formatAmount(value, currency), median: plain(median) },
  }
}
