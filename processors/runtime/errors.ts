/** The errors of the engine. Each stops a task or the process: a person must look, and the message says at what. */
import { NikashError } from '../../platform/errors.ts'

export const RUNTIME_ERROR_CODES = [
  'illegal_move',
  'timer_loop',
  'record_refused',
  'rebuild_too_large',
  'store_not_owned',
  'store_unknown',
  'topology_invalid',
  'checkpoint_ahead',
  'checkpoint_missing',
  'checkpoint_corrupt',
  'offset_missing',
  'log_trimmed',
  'topology_changed',
  'codec_too_new',
  'topic_recreated',
  'topic_mismatch',
  'commit_given_up',
  'producer_contested',
  'group_in_use',
] as const

export type RuntimeErrorCode = (typeof RUNTIME_ERROR_CODES)[number]

export class RuntimeError extends NikashError {
  override readonly name = 'RuntimeError'
  declare readonly code: RuntimeErrorCode

  constructor(code: RuntimeErrorCode, message: string, cause?: unknown) {
    super(code, message, { recover: 'stop', ...(cause === undefined ? {} : { cause }) })
  }
}

/** Text of any thrown value, bounded. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > 400 ? `${text.slice(0, 400)}...` : text
}
