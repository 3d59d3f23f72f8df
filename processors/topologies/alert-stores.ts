/** The stores of the alert topology. S1: names and keys are for ever; a change of a value's shape raises its codec's version. */
import type { AlertRaised, AlertState } from '../../schemas/generated/records.ts'
import type { Watch } from '../../schemas/rules/alerts/crossing.ts'
import type { NearPayment } from '../../schemas/rules/alerts/detectors.ts'
import type { AlertRule } from '../../schemas/rules/alerts/rules.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import { flatten, unflatten } from '../domain/histogram.ts'
import type { Outlook, OutlookStores, Owed, PaidOut, Spent } from '../domain/payables-due.ts'
import { jsonCodec } from '../runtime/state/codec.ts'
import type { Codec, Context, StoreSpec } from '../runtime/topology.ts'

interface FlatOutlook extends Omit<Outlook, 'due'> {
  readonly days: readonly EpochDay[]
  readonly amounts: readonly Amount[]
}

const flat = jsonCodec<FlatOutlook>()
const outlookCodec: Codec<Outlook> = {
  version: 1,
  encode: ({ due, ...rest }) => flat.encode({ ...rest, ...flatten(due) }),
  decode(bytes, version) {
    const { days, amounts, ...rest } = flat.decode(bytes, version)
    return { ...rest, due: unflatten(days, amounts) }
  },
}

/** By tenant: what it owes and what cash left it. */
export const OUTLOOKS: StoreSpec<Outlook> = { name: 'alert-outlooks', cells: 128, codec: outlookCodec }
export const OWED: StoreSpec<Owed> = { name: 'alert-bills', cells: 512, codec: jsonCodec<Owed>() }
export const PAID_OUT: StoreSpec<PaidOut> = { name: 'alert-payouts', cells: 512, codec: jsonCodec<PaidOut>() }
export const SPENT: StoreSpec<Spent> = { name: 'alert-expenses', cells: 256, codec: jsonCodec<Spent>() }

/** By tenant: its own rules, by id. */
export const ALERT_RULES: StoreSpec<readonly AlertRule[]> = {
  name: 'alert-rules',
  cells: 64,
  codec: jsonCodec<readonly AlertRule[]>(),
}
/** By tenant and rule. */
export const WATCHES: StoreSpec<Watch> = { name: 'alert-watches', cells: 128, codec: jsonCodec<Watch>() }

/** An alert that neither cleared nor was resolved. */
export interface LiveAlert {
  readonly raised: AlertRaised
  readonly state: AlertState
  readonly actor: string
  readonly note: string
  readonly escalatedTo: string
  readonly movedAt: number | null
}

/** By tenant and alert. */
export const LIVE_ALERTS: StoreSpec<LiveAlert> = {
  name: 'alerts-live',
  cells: 256,
  codec: jsonCodec<LiveAlert>(),
}
/** By tenant: ids of its live alerts, oldest first. */
export const LIVE_IDS: StoreSpec<readonly string[]> = {
  name: 'alerts-live-ids',
  cells: 64,
  codec: jsonCodec<readonly string[]>(),
}

/** By tenant and customer: payments near the threshold, not used up by a pattern. */
export const NEAR_PAYMENTS: StoreSpec<readonly NearPayment[]> = {
  name: 'alert-near-payments',
  cells: 128,
  codec: jsonCodec<readonly NearPayment[]>(),
}

export interface AlertClock {
  /** Local midnight that is armed. */
  readonly armedAt: number
  /** Last day whose flows were looked at; null = none yet. */
  readonly judged: EpochDay | null
}

export const ALERT_CLOCKS: StoreSpec<AlertClock> = {
  name: 'alert-clocks',
  cells: 64,
  codec: jsonCodec<AlertClock>(),
}

export const ALERT_STORES = [
  OUTLOOKS,
  OWED,
  PAID_OUT,
  SPENT,
  ALERT_RULES,
  WATCHES,
  LIVE_ALERTS,
  LIVE_IDS,
  NEAR_PAYMENTS,
  ALERT_CLOCKS,
] as const

export const outlookStores = (ctx: Pick<Context, 'store'>): OutlookStores => ({
  outlooks: ctx.store(OUTLOOKS),
  bills: ctx.store(OWED),
  payouts: ctx.store(PAID_OUT),
  spent: ctx.store(SPENT),
})
