/**
 * Owns what some tests need besides the packages: a Chromium for the page, a Python with Kafka and ClickHouse clients,
 * hledger as an independent opinion on the books.
 * Refuses: failing a run because of them; what can't be had is said, and the tests that need it are skipped.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../../local/errors.ts'
import { HOME_DIR } from '../../local/paths.ts'

const run = promisify(execFile)
const INSTALL_TIMEOUT_MS = 8 * 60_000
const BUFFER = { maxBuffer: 32 << 20 } as const
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** Ranges, not pins: a mirror may lag behind with what the newest release asks for, and pip then takes an older one. */
const PYTHON_PACKAGES = ['confluent-kafka[avro]>=2.8,<3', 'clickhouse-connect>=0.8,<2']

export type Extra = { readonly value: string } | { readonly missing: string }
type Say = (line: string) => void

/** The line of a failed command's output that says why. */
const reasonOf = (error: unknown): string => {
  const lines = messageOf(error).split('\n')
  return (lines.find((line) => /^(E:|ERROR)/.test(line)) ?? lines[0] ?? '').slice(0, 160)
}

const onPath = (name: string): string | undefined => {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

const isRoot = (): boolean => process.getuid?.() === 0

const aptInstall = async (packages: readonly string[]): Promise<void> => {
  const options = {
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    ...BUFFER,
  }
  await run('apt-get', ['update', '-q'], options)
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], options)
}

const findChromium = (): string | undefined => {
  const given = process.env['NIKASH_CHROMIUM']
  if (given !== undefined && existsSync(given)) return given
  return CHROMIUM_NAMES.map(onPath).find((file) => file !== undefined)
}

export const ensureChromium = async (say: Say): Promise<Extra> => {
  const found = findChromium()
  if (found !== undefined) return { value: found }
  if (!isRoot() || onPath('apt-get') === undefined) {
    return { missing: 'no Chromium on PATH (install it, or set NIKASH_CHROMIUM)' }
  }
  say('installing Chromium for the tests of the page')
  try {
    await aptInstall(['chromium', 'fonts-beng'])
  } catch (error) {
    return { missing: `Chromium could not be installed: ${reasonOf(error)}` }
  }
  const installed = findChromium()
  return installed === undefined ? { missing: 'apt-get installed no chromium program' } : { value: installed }
}

export const ensureHledger = async (say: Say): Promise<Extra> => {
  const given = process.env['NIKASH_HLEDGER']
  if (given !== undefined && existsSync(given)) return { value: given }
  const found = onPath('hledger')
  if (found !== undefined) return { value: found }
  if (!isRoot() || onPath('apt-get') === undefined) {
    return { missing: 'no hledger on PATH (install it, or set NIKASH_HLEDGER)' }
  }
  say('installing hledger for the tests of the books')
  try {
    await aptInstall(['hledger'])
  } catch (error) {
    return { missing: `hledger could not be installed: ${reasonOf(error)}` }
  }
  const installed = onPath('hledger')
  return installed === undefined ? { missing: 'apt-get installed no hledger program' } : { value: installed }
}

const makeVenv = async (folder: string): Promise<void> => {
  const options = { timeout: INSTALL_TIMEOUT_MS, ...BUFFER }
  rmSync(folder, { recursive: true, force: true })
  try {
    await run('python3', ['-m', 'venv', folder], options)
  } catch (error) {
    // Debian keeps ensurepip in a package of its own.
    if (!isRoot() || onPath('apt-get') === undefined) throw error
    await aptInstall(['python3-venv'])
    rmSync(folder, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', folder], options)
  }
}

export const ensurePython = async (say: Say): Promise<Extra> => {
  const given = process.env['NIKASH_PYTHON']
  if (given !== undefined && existsSync(given)) return { value: given }
  if (onPath('python3') === undefined) return { missing: 'no python3 on PATH' }
  const folder = join(HOME_DIR, 'python')
  const python = join(folder, 'bin', 'python')
  const stamp = join(folder, '.nikash-stamp')
  const wanted = createHash('sha256').update(PYTHON_PACKAGES.join('\n')).digest('hex')
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return { value: python }
  say('installing Python clients of Kafka and ClickHouse for the tests (.nikash/python)')
  try {
    await makeVenv(folder)
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--prefer-binary']
    await run(python, [...pip, ...PYTHON_PACKAGES], { timeout: INSTALL_TIMEOUT_MS, ...BUFFER })
    writeFileSync(stamp, wanted)
    return { value: python }
  } catch (error) {
    return {
      missing: `the Python clients could not be installed: ${reasonOf(error)}`,
    }
  }
}
