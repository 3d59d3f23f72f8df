import { describe, expect, it } from '@jest/globals'
import {
  isNetwork,
  ProtocolError,
  protocolCodeOf,
  remedyOf,
  toKafkaError,
} from '../../../../platform/kafka/kafkajs/faults.ts'

const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more })

describe('what a failure of Kafka means', () => {
  it('is found below the errors that kafkajs wraps around it', () => {
    const inner = named('KafkaJSProtocolError', { code: 22 })
    const outer = named('KafkaJSNonRetriableError', {
      cause: named('KafkaJSNumberOfRetriesExceeded', { cause: inner }),
    })
    expect(protocolCodeOf(outer)).toBe(22)
    expect(toKafkaError('commit', outer)).toMatchObject({ code: 'ILLEGAL_GENERATION', recover: 'rejoin' })
  })

  it('is one of our codes for each refusal that callers act on', () => {
    const codes: [number, string][] = [
      [1, 'OFFSET_OUT_OF_RANGE'],
      [22, 'ILLEGAL_GENERATION'],
      [25, 'UNKNOWN_MEMBER_ID'],
      [27, 'REBALANCE_IN_PROGRESS'],
      [47, 'PRODUCER_FENCED'],
      [90, 'PRODUCER_FENCED'],
      [88, 'UNSTABLE_OFFSET_COMMIT'],
      [10, 'MESSAGE_TOO_LARGE'],
      [29, 'NOT_AUTHORIZED'],
      [48, 'TRANSACTION_UNCERTAIN'],
      [42, 'KAFKA_REFUSED'],
    ]
    for (const [number, code] of codes)
      expect(toKafkaError('x', new ProtocolError(number, 'x')).code).toBe(code)
  })

  it('is worth another try when the broker moved or is busy, and not when it refused', () => {
    expect(remedyOf(new ProtocolError(6, 'x'))).toBe('metadata')
    expect(remedyOf(new ProtocolError(16, 'x'))).toBe('coordinator')
    expect(remedyOf(new ProtocolError(51, 'x'))).toBe('soon')
    expect(remedyOf(new ProtocolError(47, 'x'))).toBeUndefined()
    expect(remedyOf(new ProtocolError(1, 'x'))).toBeUndefined()
    expect(remedyOf(new TypeError('a bug'))).toBeUndefined()
  })

  it('is BROKER_UNREACHABLE when there was no answer', () => {
    const closed = named('KafkaJSConnectionError', { code: 'ECONNREFUSED' })
    expect([isNetwork(closed), remedyOf(closed)]).toEqual([true, 'metadata'])
    expect(toKafkaError('connect', closed)).toMatchObject({ code: 'BROKER_UNREACHABLE', recover: 'retry' })
  })
})
