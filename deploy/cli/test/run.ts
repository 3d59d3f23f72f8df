/**
 * Owns `./nikash test`: which checks belong to which word, in which order they run, and the one line at the end.
 * Refuses: ending with anything but the totals as the last line, and exit code 0 with a failure or a crash.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT, type ExitCode, messageOf, StackError } from '../../local/errors.ts'
import { REPO_ROOT } from '../../local/paths.ts'
import type { DataOption } from '../access.ts'
import { duration, print } from '../output.ts'
import { ensureChromium, ensureHledger, ensurePython, type Extra } from './extras.ts'
import { type Outcome, outcomesOf, skippedLines, summaryLine, totalsOf } from './results.ts'
import { startTestStack, type TestStack, useStack } from './test-stack.ts'

export type TestOptions = DataOption & {
  readonly suite: string
  readonly patterns: readonly string[]
  readonly seed?: number
  readonly keep: boolean
}

type Suite = 'unit' | 'topology' | 'property' | 'contract' | 'integration' | 'e2e' | 'faults'
type Plan = { readonly checks: boolean; readonly fast: readonly Suite[]; readonly onStack: readonly Suite[] }

const FAST: readonly Suite[] = ['unit', 'topology', 'property']
const ON_STACK: readonly Suite[] = ['contract', 'integration', 'e2e', 'faults']
const JEST = join(REPO_ROOT, 'node_modules', 'jest', 'bin', 'jest.js')
const RUN_TIMEOUT_MS = 30 * 60_000
const CHECK_TIMEOUT_MS = 5 * 60_000

const hasFiles = (suite: Suite, patterns: readonly string[]): boolean =>
  patterns.length === 0 ||
  readdirSync(join(REPO_ROOT, 'tests', suite), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .some((file) => patterns.some((one) => new RegExp(one, 'i').test(join(REPO_ROOT, 'tests', suite, file))))

/** A suite without a file of the patterns is left out: a pattern starts a stack only when it needs one. */
const planOf = ({ suite, patterns }: TestOptions): Plan => {
  const matching = (suites: readonly Suite[]) => suites.filter((one) => hasFiles(one, patterns))
  if (suite === 'default' || suite === 'all')
    return { checks: patterns.length === 0, fast: matching(FAST), onStack: matching(ON_STACK) }
  const one = suite as Suite
  return ON_STACK.includes(one)
    ? { checks: false, fast: [], onStack: matching([one]) }
    : { checks: false, fast: matching([one]), onStack: [] }
}

const children = new Set<ChildProcess>()

type Ended = { readonly code: number | null; readonly output: string; readonly late: boolean }

const execute = (
  file: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly timeoutMs: number; readonly show: boolean },
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, [...args], {
      cwd: REPO_ROOT,
      env: options.env,
      stdio: ['ignore', options.show ? process.stderr : 'pipe', options.show ? process.stderr : 'pipe'],
    })
    children.add(child)
    let output = ''
    let late = false
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, options.timeoutMs)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      children.delete(child)
      resolve({ code, output, late })
    })
  })

const CHECKS: ReadonlyArray<{ readonly title: string; readonly command: readonly string[] }> = [
  { title: 'types (tsc)', command: ['tsc', '--noEmit'] },
  { title: 'types of the page (tsc)', command: ['tsc', '--noEmit', '-p', 'api/dashboard'] },
  { title: 'lint (oxlint)', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { title: 'format (biome)', command: ['biome', 'format', '.'] },
]

const runChecks = async (): Promise<Outcome[]> => {
  const outcomes: Outcome[] = []
  for (const { title, command } of CHECKS) {
    const [program = '', ...args] = command
    const begun = Date.now()
    const ended = await execute(join(REPO_ROOT, 'node_modules', '.bin', program), args, {
      env: process.env,
      timeoutMs: CHECK_TIMEOUT_MS,
      show: false,
    })
    const passed = ended.code === 0
    print(`${passed ? 'ok    ' : 'FAILED'} ${title} (${duration(Date.now() - begun)})`)
    if (!passed) print(ended.output.trimEnd().split('\n').slice(-60).join('\n'))
    const reason = ended.late ? 'took too long' : `ended with code ${ended.code}`
    outcomes.push({
      suite: 'checks',
      file: command.join(' '),
      title,
      result: passed ? 'passed' : 'failed',
      reason,
    })
  }
  return outcomes
}

type RunOptions = TestOptions & { readonly seed: number }
type JestRun = {
  readonly suites: readonly Suite[]
  readonly env: Readonly<Record<string, string>>
  readonly options: RunOptions
}

const runJest = async ({ suites, env, options }: JestRun): Promise<Outcome[]> => {
  const name = suites.join('+')
  const folder = mkdtempSync(join(tmpdir(), 'nikash-jest-'))
  const report = join(folder, 'report.json')
  // Suites on a stack share it: one worker, one file after the other.
  const shared = suites.some((suite) => ON_STACK.includes(suite))
  const workers = shared ? ['--runInBand', '--forceExit'] : ['--maxWorkers=2']
  const output = ['--json', `--outputFile=${report}`, '--reporters=default']
  const filter = options.patterns.length > 0 ? ['--', ...options.patterns] : []
  const args = ['--selectProjects', ...suites, ...output, `--seed=${options.seed}`, ...workers, ...filter]
  try {
    const ended = await execute(process.execPath, [JEST, ...args], {
      env: {
        ...process.env,
        ...env,
        NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
        NIKASH_SEED: String(options.seed),
        ...(options.suite === 'all' ? { NIKASH_LONG: '1' } : {}),
      },
      timeoutMs: RUN_TIMEOUT_MS,
      show: true,
    })
    const crash = (reason: string): Outcome => ({
      suite: name,
      file: name,
      title: 'the run',
      result: 'failed',
      reason,
    })
    if (ended.late) return [crash(`took longer than ${RUN_TIMEOUT_MS / 60_000} minutes`)]
    if (!existsSync(report)) return [crash(`Jest ended with code ${ended.code} and left no report`)]
    const outcomes = outcomesOf(name, REPO_ROOT, JSON.parse(readFileSync(report, 'utf8')))
    if (outcomes.length === 0) return [crash('no test was found')]
    const failed = outcomes.some((outcome) => outcome.result === 'failed')
    return ended.code === 0 || failed ? outcomes : [...outcomes, crash(`Jest ended with code ${ended.code}`)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const extraEnvironment = (name: string, extra: Extra): Record<string, string> => {
  if ('value' in extra) return { [name]: extra.value }
  print(`note: ${extra.missing}: tests that need it are skipped`)
  return {}
}

const runOnStack = async (
  suites: readonly Suite[],
  options: RunOptions,
  extras: Promise<Record<string, string>>,
): Promise<Outcome[]> => {
  const begun = Date.now()
  let stack: TestStack
  try {
    stack = options.data === undefined ? await startTestStack(options) : useStack(options.data)
  } catch (error) {
    print(`FAILED the stack of the tests: ${messageOf(error)}`)
    if (error instanceof StackError) print(error.help)
    return [
      {
        suite: 'stack',
        file: 'stack',
        title: 'the stack starts',
        result: 'failed',
        reason: messageOf(error),
      },
    ]
  }
  const outcomes: Outcome[] = []
  if (options.data === undefined) {
    print(`ok     the stack of the tests is healthy (${duration(Date.now() - begun)})`)
    outcomes.push({ suite: 'stack', file: 'stack', title: 'the stack starts', result: 'passed', reason: '' })
  }
  try {
    const env = { ...stack.env, ...(await extras) }
    for (const suite of suites) outcomes.push(...(await runJest({ suites: [suite], env, options })))
  } finally {
    await stack.stop()
  }
  return outcomes
}

const installExtras = async (): Promise<Record<string, string>> => {
  // One after the other: all may call apt-get, which locks.
  const chromium = await ensureChromium(print)
  const python = await ensurePython(print)
  const hledger = await ensureHledger(print)
  return {
    ...extraEnvironment('NIKASH_CHROMIUM', chromium),
    ...extraEnvironment('NIKASH_PYTHON', python),
    ...extraEnvironment('NIKASH_HLEDGER', hledger),
  }
}

const report = (outcomes: readonly Outcome[], begun: number): ExitCode => {
  const totals = totalsOf(outcomes)
  const failed = outcomes.filter((outcome) => outcome.result === 'failed')
  print()
  if (totals.skipped > 0) {
    print('Skipped:')
    for (const line of skippedLines(outcomes)) print(`  - ${line}`)
  }
  if (failed.length > 0) {
    print('Failed:')
    let before = ''
    for (const { file, title, reason } of failed) {
      const why = reason === before ? 'the same' : reason
      print(`  - ${file}: ${title}\n      ${why.replaceAll('\n', '\n      ')}`)
      before = reason
    }
  }
  if (outcomes.length === 0) print('No test was found: a pattern is a part of a path below tests/.')
  print(`Took ${duration(Date.now() - begun)}.`)
  print(summaryLine(totals))
  return totals.failed === 0 && totals.passed > 0 ? EXIT.fine : EXIT.finding
}

export const test = async (given: TestOptions): Promise<ExitCode> => {
  const begun = Date.now()
  const options = { ...given, seed: given.seed ?? Math.floor(Math.random() * 2 ** 31) }
  const { checks, fast, onStack } = planOf(options)
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      for (const child of children) child.kill('SIGTERM')
      // The stack of the tests sees its parent go and stops by itself.
      process.exit(130)
    })
  }
  print(`Seed ${options.seed} (repeat with --seed ${options.seed})`)
  const extras = onStack.length > 0 ? installExtras() : Promise.resolve({})
  const outcomes: Outcome[] = []
  if (checks) outcomes.push(...(await runChecks()))
  if (fast.length > 0) outcomes.push(...(await runJest({ suites: fast, env: {}, options })))
  if (onStack.length > 0) outcomes.push(...(await runOnStack(onStack, options, extras)))
  return report(outcomes, begun)
}
