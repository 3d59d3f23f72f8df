/** A record of finance.results.v1 as an operation on Redis, or why it is none. Refuses: writing, and counting. */
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import {
  agingKindOf,
  type AgingOperation,
  ALERTS_FAMILY,
  fieldOf,
  KPI_FAMILY,
  type KpiOperation,
  type Operation,
  parseResultKey,
} from './mapping.ts'

export interface NoOperation {
  readonly code: string
  readonly message: string
}

export async function operationOf(codec: RecordCodec, record: InputRecord): Promise<Operation | NoOperation> {
  const key = parseResultKey(record.key?.toString() ?? '')
  if (key === null) return { code: 'bad_key', message: 'the key is not tenant|family|slice' }
  if (record.value === null) return tombstone(key.tenantId, key.family, key.slice, record.offset)
  const wanted = codec.wants(record.value)
  if (wanted !== undefined) await codec.prepare(wanted)
  const decoded = codec.decode(record.value)
  if (!decoded.ok) return { code: decoded.code, message: decoded.message }
  if (decoded.type !== 'KpiResult' && decoded.type !== 'AgingResult' && decoded.type !== 'AlertStatus') {
    return { code: 'unknown_record', message: `${decoded.type} is no result` }
  }
  const { data } = decoded
  if (data.tenantId !== key.tenantId || data.family !== key.family || data.slice !== key.slice) {
    return { code: 'key_mismatch', message: 'the key is not that of the result' }
  }
  if (decoded.type === 'KpiResult') {
    return { kind: 'kpi', tenantId: data.tenantId, result: decoded.data } satisfies KpiOperation
  }
  if (decoded.type === 'AlertStatus') {
    const { tenantId, slice } = data
    return { kind: 'alert', tenantId, field: slice, offset: record.offset, result: decoded.data }
  }
  const kind = agingKindOf(data.family)
  if (kind === undefined) return { code: 'unknown_family', message: `there is no aging ${data.family}` }
  return {
    kind,
    tenantId: data.tenantId,
    field: fieldOf(kind, data.slice),
    offset: record.offset,
    result: decoded.data,
  } satisfies AgingOperation
}

function tombstone(tenantId: string, family: string, slice: string, offset: number): Operation | NoOperation {
  const kind = agingKindOf(family)
  if (kind !== undefined) return { kind, tenantId, field: fieldOf(kind, slice), offset, result: null }
  if (family === ALERTS_FAMILY) return { kind: 'alert', tenantId, field: slice, offset, result: null }
  const message = family === KPI_FAMILY ? 'figures of a tenant are never taken away' : `no family ${family}`
  return { code: 'unexpected_tombstone', message }
}
