/**
 * Receivables aging by tenant and customer (aging.ts). Its days are those of the tenants, and with its closes and snapshots
 * go the KPIs; later topologies read its stores. A tenant is known from its settings or its first document on.
 */
import { WHOLE } from '../domain/book.ts'
import { type BookedEvent, foldEvent, isBooked } from '../domain/fold.ts'
import { RECEIVABLES } from '../domain/records.ts'
import { AGING_FAMILY, agingResult, kpiResult } from '../domain/results.ts'
import { openTenant } from '../domain/tenants.ts'
import type { Topology } from '../runtime/topology.ts'
import { agingTopology, type EncodeResult } from './aging.ts'
import { RECEIVABLE_STORES } from './stores.ts'

export const receivablesAging = (encode: EncodeResult): Topology =>
  agingTopology<BookedEvent>(
    {
      name: 'receivables-aging',
      version: 3,
      family: AGING_FAMILY,
      words: RECEIVABLES,
      stores: RECEIVABLE_STORES,
      moves: isBooked,
      fold: foldEvent,
      tell: (place, tenant, standing) => [
        encode('KpiResult', kpiResult(place, tenant, standing)),
        encode('AgingResult', agingResult(place, AGING_FAMILY, tenant, WHOLE, standing.balance)),
      ],
      open: (_, ctx) => openTenant(ctx.meta.logTime),
    },
    encode,
  )
