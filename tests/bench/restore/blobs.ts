/** A state that is only large: the reference of every invoice, and how many a tenant has. */
import type { Codec, StoreSpec, Topology } from '../../../processors/runtime/topology.ts'

const text: Codec<string> = {
  version: 1,
  encode: (value) => value,
  decode: (bytes) => bytes.toString('utf8'),
}
const REFERENCES: StoreSpec<string> = { name: 'references', cells: 16_384, codec: text }
const COUNTS: StoreSpec<string> = { name: 'counts', cells: 64, codec: text }

export const BLOBS: Topology = {
  name: 'blobs',
  version: 1,
  stores: [REFERENCES, COUNTS],
  onEvent(event, ctx) {
    if (event.type !== 'InvoiceCreated') return
    const { tenantId, aggregateId, reference } = event.data
    ctx.store(REFERENCES).set(`${tenantId}|${aggregateId}`, reference)
    ctx.store(COUNTS).set(tenantId, String(Number(ctx.store(COUNTS).get(tenantId) ?? '0') + 1))
    ctx.dirty(tenantId)
  },
  render: (tenantId, ctx) => [
    { key: `${tenantId}|count`, value: Buffer.from(ctx.store(COUNTS).get(tenantId) ?? '0') },
  ],
}
