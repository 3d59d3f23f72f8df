/** The finance topologies, in processing order: each of the aging ones writes its books, kpis and alerts read them. */
import type { Topology } from '../runtime/topology.ts'
import { alerts } from './alerts.ts'
import { kpis } from './kpis.ts'
import type { EncodeResult } from './aging.ts'
import { payablesAging } from './payables-aging.ts'
import { receivablesAging } from './receivables-aging.ts'

export type { EncodeResult } from './aging.ts'

export const buildTopologies = (encode: EncodeResult): readonly Topology[] => [
  receivablesAging(encode),
  payablesAging(encode),
  kpis(encode),
  alerts(encode),
]
