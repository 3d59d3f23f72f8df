/**
 * Payables aging by tenant and vendor (aging.ts): bills, payments to vendors, vendors. It has days of its own, which are
 * those of the receivables: the same midnights, as each moves at the tenant's own. A tenant has payables from its first
 * vendor, bill or payment to one on; its settings are then those that receivables-aging knows.
 */
import { WHOLE } from '../domain/book.ts'
import { foldPayable, isPayable, type PayableEvent } from '../domain/fold-payables.ts'
import { PAYABLES, type Tenant } from '../domain/records.ts'
import { agingResult, PAYABLES_FAMILY } from '../domain/results.ts'
import type { Context, Topology } from '../runtime/topology.ts'
import { agingTopology, type EncodeResult } from './aging.ts'
import { PAYABLE_STORES, TENANTS } from './stores.ts'

function open(tenantId: string, ctx: Context, bySettings: boolean): Tenant | undefined {
  const known = bySettings ? undefined : ctx.store(TENANTS).get(tenantId)
  return known && { ...known, snapshotAt: 0, latestChange: Number.MIN_SAFE_INTEGER }
}

export const payablesAging = (encode: EncodeResult): Topology =>
  agingTopology<PayableEvent>(
    {
      name: 'payables-aging',
      version: 1,
      family: PAYABLES_FAMILY,
      words: PAYABLES,
      stores: PAYABLE_STORES,
      moves: isPayable,
      fold: foldPayable,
      tell: (place, tenant, { balance }) => [
        encode('AgingResult', agingResult(place, PAYABLES_FAMILY, tenant, WHOLE, balance)),
      ],
      open,
    },
    encode,
  )
