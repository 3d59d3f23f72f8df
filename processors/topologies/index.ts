/** The finance topologies, in processing order: receivables-aging writes the books, kpis reads them. */
import type { Topology } from '../runtime/topology.ts'
import { kpis } from './kpis.ts'
import { type EncodeResult, receivablesAging } from './receivables-aging.ts'

export type { EncodeResult } from './receivables-aging.ts'

export const buildTopologies = (encode: EncodeResult): readonly Topology[] => [
  receivablesAging(encode),
  kpis(encode),
]
