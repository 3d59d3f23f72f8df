/**
 * Results as records of the contract. PURE. E1: a result says which day it stands for (asOf), in which base currency,
 * and which cut it comes from (epoch, revision): within an epoch a higher revision is newer.
 */
import type {
  AgingBuckets,
  AgingResult,
  AlertRaised,
  AlertStatus,
  KpiResult,
  ResultKind,
} from '../../schemas/generated/records.ts'
import { computeKpis } from '../../schemas/rules/kpis.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import { agingOf } from './balances.ts'
import type { Standing } from './moves.ts'
import type { Balance, Tenant } from './records.ts'

export const KPI_FAMILY = 'kpi'
export const AGING_FAMILY = 'aging.receivables'
export const PAYABLES_FAMILY = 'aging.payables'
export type AgingFamily = typeof AGING_FAMILY | typeof PAYABLES_FAMILY
export const ALERTS_FAMILY = 'alerts'

export interface ResultPlace {
  readonly tenantId: string
  readonly kind: ResultKind
  readonly epoch: number
  readonly revision: number
  readonly logTime: number
}

/** Key on finance.results.v1. */
export const resultKey = (tenantId: string, family: string, slice: string): string =>
  `${tenantId}|${family}|${slice}`

const bucketsOf = (amounts: readonly Amount[]): AgingBuckets => ({
  current: amounts[0] ?? 0n,
  days1To30: amounts[1] ?? 0n,
  days31To60: amounts[2] ?? 0n,
  days61To90: amounts[3] ?? 0n,
  over90: amounts[4] ?? 0n,
})

/** Aging of a customer or vendor, or with the empty slice of the tenant, as of the tenant's today. */
export function agingResult(
  place: ResultPlace,
  family: AgingFamily,
  tenant: Tenant,
  slice: string,
  balance: Balance,
): AgingResult {
  const aging = agingOf(balance, tenant.today)
  return {
    ...place,
    family,
    slice,
    asOf: tenant.today,
    currency: tenant.currency,
    customerName: slice === '' ? '' : balance.name,
    due: bucketsOf(aging.due),
    posting: bucketsOf(aging.posting),
    unapplied: aging.unapplied,
    disputed: balance.disputed,
    total: aging.total,
    openItems: balance.openItems,
  }
}

/** All KPIs in all windows as of the tenant's today. */
export function kpiResult(
  place: ResultPlace,
  tenant: Tenant,
  { balance, figures: series, ledger }: Pick<Standing, 'balance' | 'figures' | 'ledger'>,
): KpiResult {
  const { today: asOf, fiscalYearStart, currency } = tenant
  const aging = agingOf(balance, asOf).due
  const windows = computeKpis({ series, ledger, aging, asOf, fiscalYearStart, currency })
  return {
    ...place,
    family: KPI_FAMILY,
    slice: '',
    asOf,
    currency,
    windows: windows.map(({ window, from, to, partial, measures }) => ({
      window,
      fromDate: from,
      toDate: to,
      partial,
      measures: [...measures],
    })),
  }
}

/** A live alert as it stands. */
export function alertStatus(
  place: Pick<ResultPlace, 'epoch' | 'revision' | 'logTime'>,
  live: { readonly raised: AlertRaised } & Pick<
    AlertStatus,
    'state' | 'actor' | 'note' | 'escalatedTo' | 'movedAt'
  >,
): AlertStatus {
  const { raised, ...standing } = live
  const { alertId: slice, ...rest } = raised
  return { ...rest, ...standing, ...place, family: ALERTS_FAMILY, slice }
}
