/**
 * Owns building the dashboard when its sources changed: the API serves api/dashboard/dist. Refuses: building twice from
 * the same sources, and serving a build that was cut short (the stamp is written last).
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { messageOf, StackError } from './errors.ts'
import { REPO_ROOT } from './paths.ts'

const run = promisify(execFile)
const PAGE = join(REPO_ROOT, 'api', 'dashboard')
const STAMP = join(PAGE, 'dist', '.built-from')
const BUILD_TIMEOUT_MS = 120_000

const sourceHash = (): string => {
  const hash = createHash('sha256')
  const files = readdirSync(PAGE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PAGE, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(dist|node_modules)\//.test(file))
    .sort()
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(PAGE, file)))
  return hash.update(readFileSync(join(REPO_ROOT, 'package-lock.json'))).digest('hex')
}

let underWay: Promise<void> | undefined

/** Callers at the same time share one build. */
export const ensurePage = (say: (line: string) => void): Promise<void> => {
  underWay ??= build(say).finally(() => {
    underWay = undefined
  })
  return underWay
}

const build = async (say: (line: string) => void): Promise<void> => {
  if (!existsSync(join(PAGE, 'index.html'))) return
  const hash = sourceHash()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return
  say('building the dashboard')
  const vite = join(REPO_ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  try {
    await run(process.execPath, [vite, 'build', PAGE, '--logLevel', 'warn'], {
      cwd: REPO_ROOT,
      timeout: BUILD_TIMEOUT_MS,
    })
    writeFileSync(STAMP, hash)
  } catch (cause) {
    throw new StackError(
      'PAGE_BUILD_FAILED',
      `The dashboard could not be built: ${messageOf(cause).slice(0, 1_500)}`,
      'Run it by hand to see all of it: npm run build:page',
      { cause },
    )
  }
}
