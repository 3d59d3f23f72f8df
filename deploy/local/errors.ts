/**
 * Owns the one error that the local stack and the command line show to people: what happened, to what, what to do.
 * Refuses: bugs. Those stay ordinary errors, with their stack trace.
 */

export const EXIT = { fine: 0, finding: 1, wrongUse: 2, partDown: 3 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export class StackError extends Error {
  readonly code: string
  /** What the reader can do now; whole sentences. */
  readonly help: string
  readonly exitCode: ExitCode

  constructor(
    code: string,
    message: string,
    help: string,
    options: { exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StackError'
    this.code = code
    this.help = help
    this.exitCode = options.exitCode ?? EXIT.partDown
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
