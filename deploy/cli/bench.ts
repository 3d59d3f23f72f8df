/** Owns `bench`: runs a measurement of tests/bench against the running stack. Refuses: measuring a stack that is not up. */
import { spawn } from 'node:child_process'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { sourceExists, sourceFile } from '../local/part.ts'
import { type DataOption, openStack } from './access.ts'
import { environmentLines } from './status.ts'

export type BenchOptions = DataOption & { readonly what: string; readonly output?: 'json' | 'table' }

export const bench = async (options: BenchOptions): Promise<ExitCode> => {
  const script = `tests/bench/${options.what}.ts`
  if (!sourceExists(script)) {
    throw new StackError('NO_BENCH', `This clone has no ${script}.`, 'Use a clone of the whole repository.')
  }
  const lines = environmentLines(openStack(options)).map((line) => {
    const at = line.indexOf('=')
    return [line.slice(0, at), line.slice(at + 1)] as const
  })
  const args = [sourceFile(script), ...(options.output === undefined ? [] : ['-o', options.output])]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...Object.fromEntries(lines) },
  })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  return code === 0 ? EXIT.fine : EXIT.finding
}
