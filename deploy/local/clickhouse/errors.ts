/**
 * Owns errors as ClickHouse clients know them: a number, a name, a text, an HTTP status. The one table from exception
 * code to status is here. Refuses: inventing codes; each is one that a real server uses for the same fault.
 */
export class ClickHouseError extends Error {
  override readonly name = 'ClickHouseError'
  readonly code: number
  readonly type: string

  constructor(code: number, type: string, message: string) {
    super(message)
    this.code = code
    this.type = type
  }
}

const failure = (code: number, type: string) => (message: string) => new ClickHouseError(code, type, message)

export const badArguments = failure(36, 'BAD_ARGUMENTS')
export const notImplemented = failure(48, 'NOT_IMPLEMENTED')
export const syntaxError = failure(62, 'SYNTAX_ERROR')
export const unknownSetting = failure(115, 'UNKNOWN_SETTING')
export const noData = failure(108, 'NO_DATA_TO_INSERT')
export const timeoutExceeded = failure(159, 'TIMEOUT_EXCEEDED')
export const readonlyMode = failure(164, 'READONLY')
export const tooManyQueries = failure(202, 'TOO_MANY_SIMULTANEOUS_QUERIES')
export const limitExceeded = failure(290, 'LIMIT_EXCEEDED')
export const cannotDecompress = failure(271, 'CANNOT_DECOMPRESS')
export const sessionNotFound = failure(372, 'SESSION_NOT_FOUND')
export const sessionLocked = failure(373, 'SESSION_IS_LOCKED')
export const aborted = failure(236, 'ABORTED')
export const resultTooLarge = failure(396, 'TOO_MANY_ROWS_OR_BYTES')
export const unknownCompression = failure(89, 'UNKNOWN_COMPRESSION_METHOD')
export const queryTooLarge = failure(307, 'TOO_MANY_BYTES')
export const accessDenied = failure(497, 'ACCESS_DENIED')
export const authenticationFailed = failure(516, 'AUTHENTICATION_FAILED')
const unknownException = failure(1002, 'UNKNOWN_EXCEPTION')

const FORM = /^Code: (\d+)\. DB::Exception: ([\s\S]*)$/
const TAIL = /\s*\(version [^()]*(?:\([^()]*\))?\)\.?\s*$/
const NAME = /[.\s]*\(([A-Z][A-Z0-9_]+)\)\s*$/

/** What the engine said, without the shells that wrap the same exception twice. */
export function fromEngine(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error
  let text = error instanceof Error ? error.message : String(error)
  let code: number | undefined
  let type: string | undefined
  // A bounded number of shells: the engine nests one or two.
  for (let shell = 0; shell < 8; shell += 1) {
    const before = text
    const form = FORM.exec(text)
    if (form) {
      code ??= Number(form[1])
      text = form[2] ?? ''
    }
    text = text.replace(TAIL, '')
    const name = NAME.exec(text)
    if (name) {
      type ??= name[1]
      text = text.slice(0, name.index)
    }
    if (text === before) break
  }
  if (code === undefined) return unknownException(text)
  return new ClickHouseError(code, type ?? 'UNKNOWN_EXCEPTION', text)
}

export const render = (error: ClickHouseError, version: string): string =>
  `Code: ${error.code}. DB::Exception: ${error.message.replace(/\.$/, '')}. (${error.type}) (version ${version} (chdb))\n`

const STATUS: ReadonlyMap<number, number> = new Map([
  ...[6, 26, 27, 33, 36, 38, 41, 42, 53, 62, 72, 108, 117, 130, 131, 271, 427].map(
    (code) => [code, 400] as const,
  ),
  [194, 401],
  ...[192, 193, 497, 516].map((code) => [code, 403] as const),
  ...[46, 47, 50, 56, 60, 73, 81, 115, 372].map((code) => [code, 404] as const),
  [159, 408],
  [307, 413],
  [89, 415],
  [48, 501],
  [202, 503],
])

export const httpStatus = (error: ClickHouseError): number => STATUS.get(error.code) ?? 500
