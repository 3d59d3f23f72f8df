/**
 * The errors of the engine, named by who must act. `retry`: the same again later; `rebuild-task`: forget the state and
 * restore; `stop`: a person must look, the message says at what.
 */
import { NikashError } from '../../platform/errors.ts'

export type RuntimeErrorCode =
  | 'illegal_move'
  | 'timer_loop'
  | 'store_not_owned'
  | 'store_unknown'
  | 'topology_invalid'
  | 'checkpoint_ahead'
  | 'checkpoint_missing'
  | 'checkpoint_corrupt'
  | 'offset_missing'
  | 'log_trimmed'
  | 'topology_changed'
  | 'codec_too_new'
  | 'topic_recreated'
  | 'topic_mismatch'
  | 'ownership_lost'
  | 'commit_given_up'
  | 'producer_contested'

const RECOVER: Readonly<Record<RuntimeErrorCode, 'rebuild-task' | 'stop'>> = {
  illegal_move: 'stop',
  timer_loop: 'stop',
  store_not_owned: 'stop',
  store_unknown: 'stop',
  topology_invalid: 'stop',
  checkpoint_ahead: 'stop',
  checkpoint_missing: 'stop',
  checkpoint_corrupt: 'stop',
  offset_missing: 'stop',
  log_trimmed: 'stop',
  topology_changed: 'stop',
  codec_too_new: 'stop',
  topic_recreated: 'stop',
  topic_mismatch: 'stop',
  ownership_lost: 'rebuild-task',
  commit_given_up: 'stop',
  producer_contested: 'stop',
}

export const RUNTIME_ERROR_CODES = Object.keys(RECOVER) as readonly RuntimeErrorCode[]

export class RuntimeError extends NikashError {
  override readonly name = 'RuntimeError'
  declare readonly code: RuntimeErrorCode

  constructor(code: RuntimeErrorCode, message: string, cause?: unknown) {
    super(code, message, { recover: RECOVER[code], ...(cause === undefined ? {} : { cause }) })
  }
}

/** Text of any thrown value, bounded. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > 400 ? `${text.slice(0, 400)}...` : text
}
