/**
 * Settings of a tenant and its today. PURE: log time comes in.
 *
 * T1: today is the tenant's local day by log time. It moves at each local midnight, one day at a time, and at a change
 * of the zone. T2: a zone further west can be a day behind: today goes back when nothing counted on the later day yet,
 * else it stays until the new zone gets there, for what counted can't be taken back by a clock. T3: a tenant that is not
 * known works with the defaults until its settings come.
 */
import { checkZone, dayAt, startOfDay } from '../../schemas/values/calendar.ts'
import { checkCurrency, refuse } from './checks.ts'
import type { Tenant } from './records.ts'

export const DEFAULT_SETTINGS = {
  name: '',
  zone: 'Asia/Dhaka',
  currency: 'BDT',
  fiscalYearStart: '07-01',
} as const

export type Settings = Pick<Tenant, 'name' | 'zone' | 'currency' | 'fiscalYearStart'>

/** A tenant at its first event (T3). */
export function openTenant(logTime: number): Tenant {
  const today = dayAt(logTime, DEFAULT_SETTINGS.zone)
  return {
    ...DEFAULT_SETTINGS,
    registered: false,
    today,
    nextDayAt: startOfDay(today + 1, DEFAULT_SETTINGS.zone),
    snapshotAt: 0,
    latestChange: Number.MIN_SAFE_INTEGER,
  }
}

/** Refuses settings that can't be worked with. */
export function checkSettings(settings: Settings): void {
  checkCurrency(settings.currency)
  try {
    checkZone(settings.zone)
  } catch {
    refuse('unknown_zone', `${JSON.stringify(settings.zone.slice(0, 60))} is no IANA time zone known here`)
  }
  if (!/^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/.test(settings.fiscalYearStart)) {
    refuse(
      'bad_fiscal_year_start',
      `fiscalYearStart must be MM-DD, at most day 28, got ${settings.fiscalYearStart}`,
    )
  }
}

/** The tenant with new settings. A today that lies ahead of `today` is to be reached day by day (`reach`). */
export function withSettings(
  tenant: Tenant,
  settings: Settings,
  logTime: number,
): { tenant: Tenant; reach: number } {
  checkSettings(settings)
  const local = dayAt(logTime, settings.zone)
  const back = local < tenant.today && tenant.latestChange <= local
  const today = back ? local : tenant.today
  const { name, zone, currency, fiscalYearStart } = settings
  const changed = { ...tenant, name, zone, currency, fiscalYearStart, registered: true, today }
  return { tenant: { ...changed, nextDayAt: startOfDay(today + 1, zone) }, reach: local }
}

/** The tenant one day later. */
export const nextDay = (tenant: Tenant): Tenant => ({
  ...tenant,
  today: tenant.today + 1,
  nextDayAt: startOfDay(tenant.today + 2, tenant.zone),
})
