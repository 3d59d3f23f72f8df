/**
 * The second task of a rebuild: what it takes from the partition's log, and what of its outputs counts (README.md, T4,
 * T5). Owns no state; the task itself is an ordinary one.
 */
import type { DecodedEvent, DecodeFailure } from '../../../schemas/codec/event-codec.ts'
import { BROADCAST_KEY } from '../../../schemas/topics.ts'
import { sameText } from '../judging.ts'

export class Shadow {
  readonly tenant: string
  /** Offset of the event that stopped the tenant: outputs of records behind it were never made. */
  readonly stoppedAt: number
  /** Offsets of its records that have a dead letter already. */
  readonly letters: ReadonlySet<number>

  constructor(tenant: string, stoppedAt: number, letters: ReadonlySet<number>) {
    this.tenant = tenant
    this.stoppedAt = stoppedAt
    this.letters = letters
  }

  /** By the key alone: another tenant's record, of which only the time counts. */
  passes(key: Buffer | null): boolean {
    return key !== null && !sameText(key, this.tenant) && !sameText(key, BROADCAST_KEY)
  }

  /** A record that `passes` let through: the tenant's own, everybody's, or (without a key) another tenant's. */
  ownerOf(key: Buffer | null, decoded: DecodedEvent | DecodeFailure): 'tenant' | 'all' | 'other' {
    if (key !== null) return sameText(key, this.tenant) ? 'tenant' : 'all'
    if (!decoded.ok) return 'other'
    const { tenantId } = decoded.data
    return tenantId === this.tenant ? 'tenant' : tenantId === BROADCAST_KEY ? 'all' : 'other'
  }

  /** T5: whether an output of a timer that this record brings up goes out. */
  countsTimer(offset: number, owner: string): boolean {
    return owner === this.tenant && this.counts(offset)
  }

  /** T5: whether an output that a record of the tenant causes goes out. */
  counts(offset: number): boolean {
    return offset > this.stoppedAt
  }
}
