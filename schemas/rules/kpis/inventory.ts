/**
 * inventory: balance of the inventory accounts of the ledger at the end. dio (C-16) = (inventory before the first day + at
 * the end) / 2 / cost of sales x days. inventoryTurnover (C-14) = cost of sales x 365 / days / average inventory: a month
 * and a year at one pace give one turnover. Null with `zero_denominator` without cost of sales (dio) or stock (turnover).
 * Example: inventory 90,000 and 110,000, cost 600,000 in 365 days: dio 60.83 days, turnover 6; with 50,000 in 30.4167 days
 * the same. Source: requirement tables C-14, C-16.
 */
import { led, ledgerAmount, ledgerDays, onLedger, type Period, type Raw, ratio, twice } from './kit.ts'

const both = (p: Period): bigint => twice(p, 'openingInventory', 'closingInventory')

export const dioOf = (p: Period): Raw => ratio(both(p) * ledgerDays(p), led(p, 'costOfSales') * 2n, true)

const shows = ['openingInventory', 'closingInventory', 'costOfSales', 'days'] as const

export const inventory = ledgerAmount('inventory', ['closingInventory'])
export const dio = onLedger({ name: 'dio', unit: 'days', shows }, dioOf)
export const inventoryTurnover = onLedger({ name: 'inventoryTurnover', unit: 'ratio', shows }, (p) =>
  ratio(730n * led(p, 'costOfSales'), both(p) * ledgerDays(p), true),
)
