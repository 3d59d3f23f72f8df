/** Events of books in memory as they lie in the log: each with its envelope. */
import { SCHEMAS } from '../../schemas/codec/avro-types.ts'
import { defaultsOf } from '../../schemas/codec/defaults.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import type { MemoryBooks } from './memory-books.ts'

export const financeEvents = ({ session, tenant }: MemoryBooks, first = 0): FinanceEvent[] =>
  session.events.slice(first).map(({ aggregate, version, event }, i) => {
    const envelope = {
      eventId: `01900000-0000-7000-8000-${(first + i + 1).toString(16).padStart(12, '0')}`,
      tenantId: tenant,
      aggregateType: aggregate.type,
      aggregateId: aggregate.id,
      aggregateVersion: version,
      schemaVersion: 1,
      occurredAt: session.nowMs,
      recordedAt: session.nowMs,
      actor: 'user:test',
      correlationId: null,
      causationId: null,
    }
    if (!(event.type in SCHEMAS)) throw new Error(`no schema of ${event.type}`)
    return {
      type: event.type,
      data: { ...defaultsOf(event.type), ...envelope, ...event.data },
    } as unknown as FinanceEvent
  })
