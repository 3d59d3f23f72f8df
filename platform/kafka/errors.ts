/**
 * Errors of the Kafka port, the same from both adapters. Codes are Kafka's own names where Kafka has one.
 * What each asks of the caller is in RECOVERS, once.
 */
import { NikashError, type Recover } from '../errors.ts'
import type { Membership } from './port.ts'

export const RECOVERS = {
  /** No broker answers, or not in time. The outcome of a send or commit is unknown. */
  BROKER_UNREACHABLE: 'retry',
  /** A transaction on this group's offset is still open. */
  UNSTABLE_OFFSET_COMMIT: 'retry',
  /** A transaction is still open before what a reader must see. */
  UNSTABLE_LOG: 'retry',
  /** The membership is over: the partitions may belong to another member. */
  ILLEGAL_GENERATION: 'rejoin',
  UNKNOWN_MEMBER_ID: 'rejoin',
  REBALANCE_IN_PROGRESS: 'rejoin',
  /** A commit without a membership (K1). */
  NO_MEMBERSHIP: 'rejoin',
  /**
   * A commit: the static member has another membership by now (K5). Its own, after a new join, or that of another process:
   * joining again tells, and the error of that (`fencedInstance`) is fatal, since to take the seat back would never end.
   */
  FENCED_INSTANCE_ID: 'rejoin',
  /** Another producer took this transactional id, or its transaction timed out. */
  PRODUCER_FENCED: 'rebuild-task',
  /** A transaction call failed in a way that leaves its outcome unknown. */
  TRANSACTION_UNCERTAIN: 'rebuild-task',
  /** The producer failed before, or is closed: make another. */
  PRODUCER_UNUSABLE: 'rebuild-task',
  /** The offset is not in the log any more, or not yet (K4). */
  OFFSET_OUT_OF_RANGE: 'stop',
  UNKNOWN_TOPIC_OR_PARTITION: 'stop',
  MESSAGE_TOO_LARGE: 'dead-letter',
  /** A batch that cannot be read: damaged, or of an unknown compression. */
  CORRUPT_BATCH: 'stop',
  NOT_AUTHORIZED: 'stop',
  /** Refused for another reason; the message has the broker's code. */
  KAFKA_REFUSED: 'stop',
  /** The port, consumer or producer was closed while the call was under way. */
  CLOSED: 'stop',
} as const satisfies Record<string, Recover>

export type KafkaErrorCode = keyof typeof RECOVERS

export class KafkaError extends NikashError {
  override readonly name = 'KafkaError'
  declare readonly code: KafkaErrorCode

  constructor(
    code: KafkaErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>>; recover?: Recover } = {},
  ) {
    super(code, message, { recover: RECOVERS[code], ...options })
  }
}

/** K1: no generation known, no commit. */
export function requireMembership(membership: Membership | undefined): asserts membership is Membership {
  if (membership === undefined || membership.generationId < 0 || membership.memberId === '') {
    throw new KafkaError('NO_MEMBERSHIP', 'an offset commit needs the membership of an assignment')
  }
}

export const fencedInstance = (
  groupId: string,
  instanceId: string | undefined,
  cause?: unknown,
): KafkaError =>
  new KafkaError(
    'FENCED_INSTANCE_ID',
    `another process took the seat ${instanceId ?? '?'} in group ${groupId}, this one must end: ` +
      'give every living process an instance id of its own',
    { cause, details: { groupId, instanceId }, recover: 'stop' },
  )

export const outOfRange = (
  topic: string,
  partition: number,
  offset: number,
  low: number,
  high: number,
): KafkaError =>
  new KafkaError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${offset} of ${topic}-${partition} is not in the log, which holds ${low} to ${high}: ` +
      'restore the topic, or reset the group on purpose',
    { details: { topic, partition, offset, low, high } },
  )

export const unknownTopic = (topic: string, partition?: number): KafkaError =>
  new KafkaError(
    'UNKNOWN_TOPIC_OR_PARTITION',
    `there is no ${partition === undefined ? `topic ${topic}` : `partition ${topic}-${partition}`}: create the topics first`,
    { details: { topic } },
  )
