/**
 * Owns how an event that was stored by older code is read by today's: the store is append-only, so the past is never
 * rewritten, and what was stored once is read for ever. PURE.
 * U1: fields that came later have the defaults of their schema, also inside lines. U2: what a default cannot say is said
 *     by an upcaster, one step per version of the type's meaning. U3: an event of a later version than this code knows
 *     is refused: an old process must not misread it.
 */
import { completed } from '../../schemas/codec/defaults.ts'
import type { EventType } from '../../schemas/generated/records.ts'
import type { DomainEvent } from '../kernel/events.ts'
import { fromJson } from './json.ts'

export interface StoredEvent {
  readonly type: string
  readonly schemaVersion: number
  /** As the driver parsed it from jsonb. */
  readonly data: unknown
  readonly metadata: Readonly<Record<string, string | null>>
}

/** The version in which events are written now. */
export const SCHEMA_VERSION = 1

type Upcast = (
  payload: Readonly<Record<string, unknown>>,
  stored: StoredEvent,
) => Readonly<Record<string, unknown>>

/** U2, before U1: what an older event says elsewhere, or in other words. */
const UPCASTS: { readonly [T in EventType]?: Upcast } = {
  // The number that an approval gave stood beside the event before it was a field of it.
  InvoiceApproved: (payload, { metadata }) =>
    payload['mushakNumber'] === undefined
      ? { ...payload, mushakNumber: metadata['mushakNumber'] ?? null }
      : payload,
}

export function upcast(stored: StoredEvent, known: ReadonlySet<string>): DomainEvent {
  if (!known.has(stored.type)) throw new Error(`${stored.type} is no event of the catalogue`)
  if (stored.schemaVersion > SCHEMA_VERSION) {
    throw new Error(
      `${stored.type} was stored in version ${stored.schemaVersion}, this code reads up to ${SCHEMA_VERSION}: start a newer one (U3)`,
    )
  }
  const type = stored.type as EventType
  const payload = fromJson(stored.data) as Readonly<Record<string, unknown>>
  const data = completed(type, UPCASTS[type]?.(payload, stored) ?? payload)
  return { type, data } as DomainEvent
}
