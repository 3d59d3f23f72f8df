/**
 * Rules of alerts: what a tenant watches, the rules that every tenant has, and what a rule may say. PURE. Used by the
 * command that sets a rule, by the processor that goes by them, and by the API that lists them.
 *
 * R1: a rule of a tenant with the id of a built-in one takes its place, also to switch it off. R2: what a rule watches
 *     decides what its threshold means: an amount in the base currency, per cent, days, a factor. R3: the processor
 *     ignores a rule that is not sound (an upstream service may publish any), so that a slip costs one rule and no event.
 */
import type { AlertImpact, AlertRuleSet, AlertSeverity } from '../../generated/records.ts'
import { parseDecimal } from '../../values/amount.ts'
import { MEASURES } from '../kpis.ts'
import { isWindow } from '../windows.ts'

/** What is worth keeping of a rule; the id is that of the aggregate. */
export interface AlertRule
  extends Pick<
    AlertRuleSet,
    | 'measure'
    | 'window'
    | 'threshold'
    | 'clearLevel'
    | 'coolDownMinutes'
    | 'severity'
    | 'impact'
    | 'parameters'
    | 'active'
  > {
  readonly id: string
  readonly operator: AlertRuleSet['operator']
}

/** Decimals of thresholds: those of ratios. */
export const THRESHOLD_SCALE = 8
export const RULES_MAX = 100
export const COOL_DOWN_MINUTES_MAX = 525_600

/** Measures of receivables aging on due basis; shares are per cent of all open invoices. */
export const AGING_MEASURES = [
  'receivablesTotal',
  'receivablesOverdue',
  'receivablesOver90',
  'receivablesOver90Share',
] as const
/** Measures of the cash flow (cash-flow.ts). */
export const CASH_MEASURES = ['cashPosition', 'projectedBalance'] as const
/** Daily flows that are compared with the same weekday of earlier weeks; the threshold is a factor. */
export const FLOWS = ['cashIn', 'netRevenue', 'expenses'] as const
export const FLOW_MEASURES = ['cashInAnomaly', 'netRevenueAnomaly', 'expensesAnomaly'] as const
/** What events alone tell. */
export const PATTERN_MEASURES = ['failedPayment', 'paymentStructuring'] as const

export type StandingMeasure = (typeof AGING_MEASURES)[number] | (typeof CASH_MEASURES)[number]
export type FlowMeasure = (typeof FLOW_MEASURES)[number]
export type PatternMeasure = (typeof PATTERN_MEASURES)[number]

const within = <T extends string>(list: readonly T[], name: string): name is T =>
  (list as readonly string[]).includes(name)

export const isStanding = (measure: string): measure is StandingMeasure =>
  within(AGING_MEASURES, measure) || within(CASH_MEASURES, measure)
export const isFlow = (measure: string): measure is FlowMeasure => within(FLOW_MEASURES, measure)
export const isPattern = (measure: string): measure is PatternMeasure => within(PATTERN_MEASURES, measure)
/** A KPI of the stream; `receivables` and its kin among them. */
export const isKpi = (measure: string): boolean => MEASURES.includes(measure)

/** Category of alerts, by measure. */
export function categoryOf(measure: string): string {
  if (within(CASH_MEASURES, measure)) return 'CASH_FLOW'
  if (within(AGING_MEASURES, measure)) return 'RECEIVABLES'
  if (isFlow(measure)) return 'ANOMALY'
  if (measure === 'failedPayment') return 'PAYMENTS'
  return measure === 'paymentStructuring' ? 'COMPLIANCE' : 'KPI'
}

/** Defaults of the pattern that payments just under a threshold make (detectors.ts). */
export const STRUCTURING = { threshold: '1000000', count: 3, windowDays: 7, marginPercent: 10 } as const
/** Weeks before the day, and how many deviations away is strange (detectors.ts). */
export const ANOMALY = { factor: '8', weeks: 8 } as const

const rule = (
  id: string,
  measure: string,
  operator: 'ABOVE' | 'BELOW',
  threshold: string,
  severity: AlertSeverity,
  impact: AlertImpact,
): AlertRule => ({
  id,
  measure,
  window: '',
  operator,
  threshold,
  clearLevel: null,
  coolDownMinutes: 0,
  severity,
  impact,
  parameters: {},
  active: true,
})

/** R1. Requirements C-45, C-46, C-49, C-48, and the anomalies of daily flows. */
export const BUILT_IN_RULES: readonly AlertRule[] = [
  rule('cash-flow', 'projectedBalance', 'BELOW', '0', 'CRITICAL', 'HIGH'),
  rule('receivables-over-90', 'receivablesOver90Share', 'ABOVE', '20', 'WARNING', 'MEDIUM'),
  rule('failed-payment', 'failedPayment', 'ABOVE', '0', 'WARNING', 'MEDIUM'),
  rule('payment-structuring', 'paymentStructuring', 'BELOW', STRUCTURING.threshold, 'WARNING', 'HIGH'),
  rule('cash-in-anomaly', 'cashInAnomaly', 'ABOVE', ANOMALY.factor, 'INFO', 'LOW'),
  rule('net-revenue-anomaly', 'netRevenueAnomaly', 'ABOVE', ANOMALY.factor, 'INFO', 'LOW'),
  rule('expenses-anomaly', 'expensesAnomaly', 'ABOVE', ANOMALY.factor, 'INFO', 'LOW'),
]

const PARAMETERS: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  paymentStructuring: { count: [2, 50], windowDays: [1, 90], marginPercent: [1, 99] },
  cashInAnomaly: { weeks: [8, 26] },
  netRevenueAnomaly: { weeks: [8, 26] },
  expensesAnomaly: { weeks: [8, 26] },
}

/** A whole number among the parameters of a rule. */
export function parameterOf({ parameters }: AlertRule, name: string, otherwise: number): number {
  const text = parameters[name]
  return text === undefined ? otherwise : Number(text)
}

export interface RuleFault {
  readonly field: string
  readonly detail: string
}

const fault = (field: string, detail: string): RuleFault => ({ field, detail })

export const thresholdOf = (text: string): bigint => parseDecimal(text, THRESHOLD_SCALE)

const isDecimal = (text: string): boolean => {
  try {
    thresholdOf(text)
    return true
  } catch {
    return false
  }
}

/** What is wrong with a rule; undefined = it can be gone by. */
export function faultOf(one: AlertRule): RuleFault | undefined {
  const { measure, window, operator, threshold, clearLevel } = one
  const kpi = isKpi(measure)
  if (!kpi && !isStanding(measure) && !isFlow(measure) && !isPattern(measure)) {
    return fault('measure', `${measure.slice(0, 60)} is neither a KPI nor a measure of alerts`)
  }
  if (kpi !== isWindow(window)) {
    return fault('window', kpi ? `${measure} needs a window such as 30d` : `${measure} has no window`)
  }
  if (operator === 'UNKNOWN') return fault('operator', 'must be ABOVE or BELOW')
  const built = BUILT_IN_RULES.find(({ measure: own }) => own === measure)
  if (built !== undefined && !isStanding(measure) && operator !== built.operator) {
    return fault('operator', `${measure} is watched ${built.operator} its threshold`)
  }
  if (!isDecimal(threshold)) return fault('threshold', 'must be decimal text with at most 8 decimals')
  if (clearLevel !== null) {
    if (isFlow(measure) || isPattern(measure)) {
      return fault('clearLevel', `an alert of ${measure} does not clear by itself`)
    }
    if (!isDecimal(clearLevel)) return fault('clearLevel', 'must be decimal text with at most 8 decimals')
    const behind =
      operator === 'ABOVE'
        ? thresholdOf(clearLevel) <= thresholdOf(threshold)
        : thresholdOf(clearLevel) >= thresholdOf(threshold)
    if (!behind) return fault('clearLevel', 'must be at the threshold, or on its quiet side')
  }
  if (one.coolDownMinutes < 0 || one.coolDownMinutes > COOL_DOWN_MINUTES_MAX) {
    return fault('coolDownMinutes', `must be 0 to ${COOL_DOWN_MINUTES_MAX}`)
  }
  return faultOfParameters(one)
}

function faultOfParameters({ measure, parameters, threshold }: AlertRule): RuleFault | undefined {
  if ((isFlow(measure) || measure === 'paymentStructuring') && thresholdOf(threshold) <= 0n) {
    return fault('threshold', `of ${measure} must be above 0`)
  }
  const known = PARAMETERS[measure] ?? {}
  for (const [name, text] of Object.entries(parameters)) {
    const range = known[name]
    if (range === undefined) return fault(`parameters/${name}`, `is no parameter of ${measure}`)
    const [least, most] = range
    if (!/^\d{1,4}$/.test(text) || Number(text) < least || Number(text) > most) {
      return fault(`parameters/${name}`, `must be a whole number from ${least} to ${most}`)
    }
  }
  return undefined
}

/** R1: the rules that hold, those of the tenant in the order of their ids. */
export function rulesOf(own: readonly AlertRule[]): readonly AlertRule[] {
  if (own.length === 0) return BUILT_IN_RULES
  const ids = new Set(own.map(({ id }) => id))
  return [...BUILT_IN_RULES.filter(({ id }) => !ids.has(id)), ...own]
}

/** Whether two rules watch the same thing in the same way: else what one of them saw means nothing to the other. */
export const watchesSame = (a: AlertRule, b: AlertRule): boolean =>
  a.measure === b.measure && a.window === b.window && a.operator === b.operator
