/**
 * Owns what a row of the audit trail says and how rows are chained. PURE.
 * C1: hash = sha256(hash of the row before, newline, entry), hex; the first row of a tenant has no hash before it.
 * C2: an entry holds all that is known of the event, its place in the log and the hash of its bytes there: a changed
 *     word anywhere is another hash, and every row behind it is wrong.
 * C3: a tenant's rows come from one partition in the order of its log, numbered from 1 without gaps.
 */
import { createHash } from 'node:crypto'
import type { InputRecord } from '../../platform/kafka/port.ts'
import { jsonOf } from '../../schemas/codec/json.ts'
import type { FinanceEvent } from '../../schemas/generated/records.ts'

export interface ChainHead {
  readonly seq: number
  /** Empty before the first row. */
  readonly hash: string
}

export interface TrailRow extends ChainHead {
  readonly entry: string
}

export const NO_HEAD: ChainHead = { seq: 0, hash: '' }

export const hashOf = (before: string, entry: string): string =>
  createHash('sha256').update(`${before}\n${entry}`, 'utf8').digest('hex')

const instant = (ms: number): string => new Date(ms).toISOString()

export interface Place {
  readonly topicId: string
  readonly record: InputRecord
}

/** The event as an entry of the trail (C2). */
export function entryOf(event: FinanceEvent, { topicId, record }: Place, seq: number): string {
  const { data } = event
  return JSON.stringify({
    seq,
    tenantId: data.tenantId,
    eventType: event.type,
    aggregateType: data.aggregateType,
    aggregateId: data.aggregateId,
    aggregateVersion: data.aggregateVersion,
    eventId: data.eventId,
    actor: data.actor,
    correlationId: data.correlationId,
    causationId: data.causationId,
    occurredAt: instant(data.occurredAt),
    recordedAt: instant(data.recordedAt),
    appendedAt: instant(record.timestamp),
    topicId,
    partition: record.partition,
    offset: record.offset,
    valueSha256: createHash('sha256')
      .update(record.value ?? Buffer.alloc(0))
      .digest('hex'),
    payload: jsonOf(event.type, data as never),
  })
}

export function rowAfter(head: ChainHead, event: FinanceEvent, place: Place): TrailRow {
  const seq = head.seq + 1
  const entry = entryOf(event, place, seq)
  return { seq, entry, hash: hashOf(head.hash, entry) }
}

export interface Break {
  readonly seq: number
  readonly what: string
}

/** Follows a chain row by row; `end` judges its newest row against where the chain is known to end. */
export class ChainCheck {
  readonly breaks: Break[] = []
  readonly #tenantId: string
  #head = NO_HEAD

  constructor(tenantId: string) {
    this.#tenantId = tenantId
  }

  get rows(): number {
    return this.#head.seq
  }

  row({ seq, entry, hash }: TrailRow): void {
    if (seq !== this.#head.seq + 1) this.#wrong(seq, missing(this.#head.seq + 1, seq - 1))
    else if (hash !== hashOf(this.#head.hash, entry))
      this.#wrong(seq, 'does not follow from the row before it')
    const said = saidBy(entry)
    if (said.seq !== seq || said.tenantId !== this.#tenantId)
      this.#wrong(seq, 'its entry speaks of another row')
    // From here on the chain as it stands: one changed row is told once.
    this.#head = { seq, hash }
  }

  end(known: ChainHead | undefined): readonly Break[] {
    const { seq, hash } = this.#head
    if (known === undefined) {
      if (seq > 0) this.#wrong(seq, 'nothing says where this chain ends')
    } else if (known.seq > seq) this.#wrong(known.seq, missing(seq + 1, known.seq))
    else if (known.seq < seq) this.#wrong(seq, `the chain ended at ${known.seq}: rows were added behind it`)
    else if (known.hash !== hash) this.#wrong(seq, 'the chain ends in another row than it did')
    return this.breaks
  }

  #wrong(seq: number, what: string): void {
    this.breaks.push({ seq, what })
  }
}

const missing = (from: number, to: number): string =>
  from > to ? 'comes twice' : from === to ? `row ${from} is missing` : `rows ${from} to ${to} are missing`

function saidBy(entry: string): { readonly seq?: unknown; readonly tenantId?: unknown } {
  try {
    return JSON.parse(entry) as object
  } catch {
    return {}
  }
}
