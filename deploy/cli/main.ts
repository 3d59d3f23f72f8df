/**
 * Owns the command line behind ./nikash: runs one verb and turns its outcome into an exit code: 0 fine, 1 a finding,
 * 2 wrong use, 3 a part is down. Refuses: stack traces for what a person can mend.
 */
import { CommanderError } from 'commander'
import { EXIT, messageOf, StackError } from '../local/errors.ts'
import { buildProgram } from './program.ts'

const report = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.wrongUse
  if (error instanceof StackError) {
    process.stderr.write(`nikash: ${error.message}\n`)
    if (error.help !== '') process.stderr.write(`  -> ${error.help}\n`)
    return error.exitCode
  }
  const known = (error as { code?: unknown }).code
  process.stderr.write(`nikash: ${messageOf(error)}${typeof known === 'string' ? ` (${known})` : ''}\n`)
  if (error instanceof Error && known === undefined) process.stderr.write(`${error.stack ?? ''}\n`)
  return EXIT.finding
}

// A reader that closed the pipe (head, less) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.fine)
  throw error
})

const finish = (code: number): void => {
  process.exitCode = code
  // Lets what is written reach a pipe; whatever else is still open must not keep the command alive.
  process.stdout.write('', () => process.exit(code))
}

let exitCode: number = EXIT.fine
try {
  const program = buildProgram((code) => {
    exitCode = code
  })
  await program.parseAsync(process.argv)
} catch (error) {
  exitCode = report(error)
}
finish(exitCode)
