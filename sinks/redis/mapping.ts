/**
 * Results as the operations of apply.lua. PURE. Values are "open JSON": without their closing brace, because the script
 * puts the stamp (epoch, revision) behind them and compares what is before it.
 */
import type {
  AgingBuckets,
  AgingResult,
  AlertStatus,
  KpiResult,
  Measure,
} from '../../schemas/generated/records.ts'
import { formatDecimal, minorDigits } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { customerField, TOTAL_FIELD, vendorField } from './contract.ts'

export interface KpiOperation {
  readonly kind: 'kpi'
  readonly tenantId: string
  readonly result: KpiResult
}

/** Which of the aging hashes. */
export type AgingKind = 'aging' | 'payables'

export interface AgingOperation {
  readonly kind: AgingKind
  readonly tenantId: string
  readonly field: string
  readonly offset: number
  /** null = tombstone. */
  readonly result: AgingResult | null
}

export interface AlertOperation {
  readonly kind: 'alert'
  readonly tenantId: string
  /** Id of the alert. */
  readonly field: string
  readonly offset: number
  /** null = tombstone. */
  readonly result: AlertStatus | null
}

export type Operation = KpiOperation | AgingOperation | AlertOperation

export const KPI_FAMILY = 'kpi'
const AGING_FAMILIES: Readonly<Record<string, AgingKind>> = {
  'aging.receivables': 'aging',
  'aging.payables': 'payables',
}

/** Undefined for a family that is no aging. */
export const agingKindOf = (family: string): AgingKind | undefined => AGING_FAMILIES[family]
export const ALERTS_FAMILY = 'alerts'

export interface ResultKey {
  readonly tenantId: string
  readonly family: string
  readonly slice: string
}

/** Reads `tenant|family|slice`; null when it is not of that form. */
export function parseResultKey(text: string): ResultKey | null {
  const first = text.indexOf('|')
  const second = text.indexOf('|', first + 1)
  if (first <= 0 || second === -1) return null
  return {
    tenantId: text.slice(0, first),
    family: text.slice(first + 1, second),
    slice: text.slice(second + 1),
  }
}

export const fieldOf = (kind: AgingKind, slice: string): string =>
  slice === '' ? TOTAL_FIELD : kind === 'aging' ? customerField(slice) : vendorField(slice)

const open = (value: object): string => JSON.stringify(value).slice(0, -1)

/** Never fewer digits than the currency has, and never fewer than the amount needs. */
function moneyText(amount: bigint, currency: string): string {
  const digits = minorDigits(currency)
  return amount % 10n ** BigInt(4 - digits) === 0n ? formatDecimal(amount, digits) : formatDecimal(amount, 4)
}

const bucketsOf = (b: AgingBuckets, currency: string): string[] =>
  [b.current, b.days1To30, b.days31To60, b.days61To90, b.over90].map((amount) => moneyText(amount, currency))

const measureJson = (m: Measure): string =>
  open({
    value: m.value,
    unit: m.unit,
    ...(m.reason === null ? {} : { reason: m.reason }),
    ...(m.previous === null ? {} : { previous: m.previous }),
    ...(m.change === null ? {} : { change: m.change }),
    inputs: m.inputs,
    ...(m.lastYear === null ? {} : { lastYear: m.lastYear }),
    ...(m.changeLastYear === null ? {} : { changeLastYear: m.changeLastYear }),
  })

export const agingJson = (r: AgingResult): string =>
  open({
    asOf: formatDay(r.asOf),
    currency: r.currency,
    ...(r.customerName === ''
      ? {}
      : { [agingKindOf(r.family) === 'payables' ? 'vendorName' : 'customerName']: r.customerName }),
    due: bucketsOf(r.due, r.currency),
    posting: bucketsOf(r.posting, r.currency),
    unapplied: moneyText(r.unapplied, r.currency),
    disputed: moneyText(r.disputed, r.currency),
    total: moneyText(r.total, r.currency),
    openItems: r.openItems,
    logTime: r.logTime,
  })

export function alertJson(status: AlertStatus): string {
  const { tenantId: _tenant, family: _family, slice: _slice, epoch: _epoch, ...rest } = status
  const { revision: _revision, causeId: _cause, asOf, ...value } = rest
  return open({ ...value, asOf: formatDay(asOf) })
}

/** Windows of the operations, in the order of their keys. */
export function windowsOf(operations: readonly Operation[]): string[] {
  const names = new Set<string>()
  for (const operation of operations) {
    if (operation.kind === 'kpi') for (const { window } of operation.result.windows) names.add(window)
  }
  return [...names]
}

function kpiArguments(result: KpiResult, indexOf: ReadonlyMap<string, number>): string[] {
  const { tenantId, currency } = result
  const given = ['kpi', String(result.epoch), String(result.revision), String(result.windows.length)]
  for (const { window, fromDate, toDate, partial, measures } of result.windows) {
    const dates = { asOf: formatDay(result.asOf), from: formatDay(fromDate), to: formatDay(toDate) }
    given.push(
      String(indexOf.get(window)),
      JSON.stringify(window),
      open({ tenantId, ...dates, partial, currency }),
      String(result.logTime),
      String(measures.length),
    )
    for (const measure of measures) {
      given.push(measure.name, JSON.stringify(measure.name), measureJson(measure))
    }
  }
  return given
}

function fieldArguments(operation: AgingOperation | AlertOperation): string[] {
  const { kind, field, offset, result } = operation
  const stamp = result === null ? ['', ''] : [String(result.epoch), String(result.revision)]
  return [kind, ...stamp, String(offset), field, JSON.stringify(field), fieldJson(operation)]
}

function fieldJson(operation: AgingOperation | AlertOperation): string {
  if (operation.result === null) return ''
  return operation.kind === 'alert' ? alertJson(operation.result) : agingJson(operation.result)
}

/** ARGV of apply.lua from its operations on; `firstWindowKey` is the index in KEYS of the first window. */
export function argumentsOf(operations: readonly Operation[], firstWindowKey: number): string[] {
  const indexOf = new Map(windowsOf(operations).map((window, i) => [window, firstWindowKey + i]))
  return operations.flatMap((operation) =>
    operation.kind === 'kpi' ? kpiArguments(operation.result, indexOf) : fieldArguments(operation),
  )
}
