/**
 * What a broker's error code or a broken connection means: try again (after fresh metadata or a fresh coordinator),
 * or which of our errors it is. The one table from Kafka's numbers to our codes.
 */
import { NikashError } from '../../errors.ts'
import { KafkaError, type KafkaErrorCode } from '../errors.ts'

/** A code in a response that we decoded ourselves. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: number

  constructor(code: number, where: string) {
    super(`${where}: Kafka error ${code} ${NAMES[code] ?? ''}`.trim())
    this.code = code
  }
}

export type Remedy = 'again' | 'metadata' | 'coordinator' | 'soon'

const NAMES: Readonly<Record<number, string>> = {
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  10: 'MESSAGE_TOO_LARGE',
  16: 'NOT_COORDINATOR',
  19: 'NOT_ENOUGH_REPLICAS',
  22: 'ILLEGAL_GENERATION',
  25: 'UNKNOWN_MEMBER_ID',
  27: 'REBALANCE_IN_PROGRESS',
  45: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  47: 'INVALID_PRODUCER_EPOCH',
  48: 'INVALID_TXN_STATE',
  50: 'INVALID_TRANSACTION_TIMEOUT',
  51: 'CONCURRENT_TRANSACTIONS',
  82: 'FENCED_INSTANCE_ID',
  88: 'UNSTABLE_OFFSET_COMMIT',
  90: 'PRODUCER_FENCED',
}

const REMEDIES: Readonly<Record<number, Remedy>> = {
  2: 'again',
  3: 'metadata',
  5: 'metadata',
  6: 'metadata',
  7: 'again',
  8: 'metadata',
  9: 'metadata',
  13: 'metadata',
  14: 'again',
  15: 'coordinator',
  16: 'coordinator',
  19: 'again',
  20: 'again',
  41: 'metadata',
  51: 'soon',
  56: 'metadata',
  72: 'metadata',
  74: 'metadata',
  75: 'metadata',
  78: 'again',
  89: 'again',
  100: 'metadata',
}

const CODES: Readonly<Record<number, KafkaErrorCode>> = {
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_BATCH',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  10: 'MESSAGE_TOO_LARGE',
  17: 'UNKNOWN_TOPIC_OR_PARTITION',
  18: 'MESSAGE_TOO_LARGE',
  22: 'ILLEGAL_GENERATION',
  25: 'UNKNOWN_MEMBER_ID',
  27: 'REBALANCE_IN_PROGRESS',
  29: 'NOT_AUTHORIZED',
  30: 'NOT_AUTHORIZED',
  31: 'NOT_AUTHORIZED',
  45: 'TRANSACTION_UNCERTAIN',
  47: 'PRODUCER_FENCED',
  48: 'TRANSACTION_UNCERTAIN',
  49: 'PRODUCER_FENCED',
  51: 'TRANSACTION_UNCERTAIN',
  52: 'TRANSACTION_UNCERTAIN',
  53: 'NOT_AUTHORIZED',
  58: 'NOT_AUTHORIZED',
  59: 'PRODUCER_FENCED',
  82: 'FENCED_INSTANCE_ID',
  88: 'UNSTABLE_OFFSET_COMMIT',
  90: 'PRODUCER_FENCED',
}

const NETWORK = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
])

interface Chained {
  readonly name?: unknown
  readonly code?: unknown
  readonly cause?: unknown
  readonly originalError?: unknown
}

/** kafkajs wraps errors in errors: its protocol code may be some levels down. */
export function protocolCodeOf(error: unknown): number | undefined {
  let at = error as Chained | null | undefined
  for (let depth = 0; at && depth < 5; depth++) {
    if (typeof at.code === 'number' && at.code > 0) return at.code
    at = (at.cause ?? at.originalError) as Chained | undefined
  }
  return undefined
}

export function isNetwork(error: unknown): boolean {
  let at = error as Chained | null | undefined
  for (let depth = 0; at && depth < 5; depth++) {
    if (NETWORK.has(String(at.name))) return true
    at = (at.cause ?? at.originalError) as Chained | undefined
  }
  return false
}

/** How to try again; undefined = another try cannot help. */
export function remedyOf(error: unknown): Remedy | undefined {
  if (error instanceof NikashError) return undefined
  const code = protocolCodeOf(error)
  if (code !== undefined) return REMEDIES[code]
  return isNetwork(error) ? 'metadata' : undefined
}

export function toKafkaError(what: string, error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  const text = error instanceof Error ? error.message : String(error)
  const number = protocolCodeOf(error)
  const code = number === undefined ? undefined : CODES[number]
  if (code) return new KafkaError(code, `${what}: ${text}`, { cause: error })
  if (number === undefined && isNetwork(error)) {
    return new KafkaError('BROKER_UNREACHABLE', `${what}: no broker answers (${text})`, { cause: error })
  }
  return new KafkaError('KAFKA_REFUSED', `${what}: ${text}`, { cause: error })
}
