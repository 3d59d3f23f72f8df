/** Events of an operator, and the log without them: an oracle that runs none of the code that stops and rebuilds. */
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import type { FinanceEvent } from '../../../schemas/generated/records.ts'
import { failed } from './toy.ts'

export function order(
  type: 'TenantProcessingStopped' | 'TenantRebuildRequested',
  tenantId: string,
  version: number,
): FinanceEvent {
  const { failedDate: _, ...data } = failed({ tenantId, aggregateVersion: version, reason: 'test' }).data
  return { type, data: { ...data, aggregateType: 'tenant', aggregateId: tenantId } }
}

/** Each order becomes an event of the same envelope that the toys ignore. */
export function bytesWithoutOrder(value: Buffer | null): Buffer | null {
  const decoded = TEST_CODEC.decodeEvent(value)
  if (!decoded.ok) return value
  if (decoded.type !== 'TenantProcessingStopped' && decoded.type !== 'TenantRebuildRequested') return value
  const ignored = { name: 'ignored', zone: 'UTC', currency: 'BDT', fiscalYearStart: '01-01' }
  return TEST_CODEC.encode('TenantSettingsChanged', { ...decoded.data, ...ignored })
}

export const withoutOrder = (record: InputRecord): InputRecord => ({
  ...record,
  value: bytesWithoutOrder(record.value),
})
