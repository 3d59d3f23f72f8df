/**
 * Owns `bench`: runs a measurement of tests/bench, against the running stack or against a broker of its own. Refuses:
 * measuring a stack that is not up, and a broker of its own beside a running stack without saying so.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { startBenchBroker } from '../local/bench-broker.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { sourceExists, sourceFile } from '../local/part.ts'
import { REPO_ROOT } from '../local/paths.ts'
import { type DataOption, findStack, openStack } from './access.ts'
import { note } from './output.ts'
import { environmentLines } from './status.ts'

export type BenchOptions = DataOption & {
  readonly what: string
  readonly output?: 'json' | 'table'
  readonly peer?: string
  readonly minutes?: number
  readonly events?: number
  readonly kb?: number
  readonly rate?: number
  readonly seconds?: number
  readonly tenants?: number
  readonly search?: boolean
}

/** Measurements that bring their own broker: they fill it, and nothing else should be in it. */
const OWN_BROKER: ReadonlySet<string> = new Set(['r1', 'restore'])
const PEERS_DEFAULT = '../shared/bench'

const stackEnvironment = (options: BenchOptions): Record<string, string> =>
  Object.fromEntries(
    environmentLines(openStack(options)).map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)] as const
    }),
  )

const argumentsOf = (options: BenchOptions, script: string): string[] => {
  const args = ['--disable-warning=ExperimentalWarning', sourceFile(script)]
  if (options.output !== undefined) args.push('-o', options.output)
  for (const name of ['minutes', 'events', 'kb', 'rate', 'seconds', 'tenants'] as const)
    if (options[name] !== undefined) args.push(`--${name}`, String(options[name]))
  if (options.search === true) args.push('--search')
  if (options.what === 'r1') {
    const peer = resolve(options.peer ?? resolve(REPO_ROOT, PEERS_DEFAULT))
    if (options.peer !== undefined && !existsSync(peer))
      throw new StackError('WRONG_USE', `There is no folder ${peer}.`, 'Name the folder of the peers.', {
        exitCode: EXIT.wrongUse,
      })
    args.push('--peer', peer)
  }
  return args
}

const run = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<ExitCode> => {
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  const forward = (name: NodeJS.Signals) => () => void child.kill(name)
  const handlers = (['SIGINT', 'SIGTERM'] as const).map((name) => [name, forward(name)] as const)
  for (const [name, handler] of handlers) process.on(name, handler)
  const code = await new Promise<number | null>((done, reject) => {
    child.once('error', reject)
    child.once('exit', done)
  })
  for (const [name, handler] of handlers) process.off(name, handler)
  return code === 0 ? EXIT.fine : EXIT.finding
}

export const bench = async (options: BenchOptions): Promise<ExitCode> => {
  const script = `tests/bench/${options.what}.ts`
  if (!sourceExists(script)) {
    throw new StackError('NO_BENCH', `This clone has no ${script}.`, 'Use a clone of the whole repository.')
  }
  const args = argumentsOf(options, script)
  if (!OWN_BROKER.has(options.what)) return run(args, stackEnvironment(options))
  if (findStack(options)?.running)
    note('a stack is running and takes its share of this machine: ./nikash down gives truer figures')
  const broker = await startBenchBroker(note)
  try {
    return await run(args, { KAFKA_BROKERS: broker.brokers, BENCH_FOLDER: broker.folder })
  } finally {
    await broker.stop()
  }
}
