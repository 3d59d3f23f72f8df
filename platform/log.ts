/**
 * Logs: one JSON object a line on stdout, with `service`, `level` as text and `time` in RFC 3339.
 * O1: secrets, tokens and passwords are starred by key. O2: a line says what happened to what: facts are fields, the
 * message is a constant sentence.
 *
 *   const log = createLog({ service: 'processors', level: config.LOG_LEVEL })
 *   log.warn({ topic, partition, err }, 'the broker refused a commit')
 *   const taskLog = log.child({ partition })
 */
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import { codeOf, recoverOf } from './errors.ts'

export type Log = Logger

export interface LogOptions {
  readonly service: string
  readonly level?: string
  /** Where lines go; stdout when absent. */
  readonly destination?: DestinationStream
}

const SECRETS = ['password', 'secret', 'token', 'authorization', 'cookie', 'apiKey', 'JWT_ACCESS_SECRET']

export function createLog({ service, level = 'info', destination }: LogOptions): Log {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '***' },
    serializers: { err: errorFields, error: errorFields },
  }
  return destination ? pino(options, destination) : pino(options)
}

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { message, stack, type } = stdSerializers.err(error)
  return { type, code: codeOf(error), recover: recoverOf(error), message, stack }
}
