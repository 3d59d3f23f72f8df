/**
 * The errors of the engine, named by who must act. `retry`: the same again later; `rebuild-task`: forget the state and
 * restore; `stop`: a person must look, the message says at what.
 */
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
  | 'offset_gap'
  | 'ownership_lost'
  | 'commit_given_up'
  | 'producer_contested'
  | 'registry_given_up'

export type Recover = 'retry' | 'rebuild-task' | 'stop'

const RECOVER: Readonly<Record<RuntimeErrorCode, Recover>> = {
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
  offset_gap: 'rebuild-task',
  ownership_lost: 'rebuild-task',
  commit_given_up: 'stop',
  producer_contested: 'stop',
  registry_given_up: 'rebuild-task',
}

export const RUNTIME_ERROR_CODES = Object.keys(RECOVER) as readonly RuntimeErrorCode[]

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
  readonly code: RuntimeErrorCode
  readonly recover: Recover

  constructor(code: RuntimeErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.recover = RECOVER[code]
  }
}

/** Text of any thrown value, bounded. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > 400 ? `${text.slice(0, 400)}...` : text
}

/** Short name of any thrown value: its code or type, for labels and comparisons. Never throws. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const { code, type, name } = error as { code?: unknown; type?: unknown; name?: unknown }
  if (typeof code === 'string' && code !== '') return code
  if (typeof type === 'string' && type !== '') return type
  return typeof name === 'string' ? name : 'unknown'
}
