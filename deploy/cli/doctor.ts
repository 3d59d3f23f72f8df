/**
 * Owns `doctor`: looks at everything that `up` needs and says what to do about what is missing. Refuses: changing
 * anything.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { promisify, stripVTControlCharacters } from 'node:util'
import { inheritedFrom } from '../local/environment.ts'
import { EXIT, type ExitCode, messageOf, StackError } from '../local/errors.ts'
import { hasParentDeathSignal } from '../local/launcher.ts'
import { partsOf } from '../local/parts/catalogue.ts'
import { findJava } from '../local/parts/java.ts'
import { HOME_DIR, LAYOUT_VERSION, layoutOf } from '../local/paths.ts'
import { portsFor } from '../local/ports.ts'
import { checkPorts, FREE_BYTES_MIN, freeBytes } from '../local/preflight.ts'
import { markedProcesses } from '../local/processes.ts'
import { readState, supervisorAlive } from '../local/state.ts'
import { damageOf, toolDir } from '../local/tools.ts'
import { type DataOption, dataDirOf, findStack } from './access.ts'
import { print, printJson } from './output.ts'
import { reportParts } from './status.ts'

const run = promisify(execFile)
const MEMORY_BYTES_MIN = 4 * 1024 ** 3

export type DoctorOptions = DataOption & { readonly output?: 'json' | 'table'; readonly portBase: number }

type Finding = { readonly what: string; readonly ok: boolean; readonly says: string; readonly help?: string }

const finding = (what: string, ok: boolean, says: string, help?: string): Finding =>
  help === undefined || ok ? { what, ok, says } : { what, ok, says, help }

const checkJava = async (): Promise<Finding> => {
  try {
    const java = await findJava(inheritedFrom(process.env))
    return finding('Java', true, `${java.version} (${java.file})`)
  } catch (error) {
    return finding('Java', false, messageOf(error), error instanceof StackError ? error.help : '')
  }
}

const checkProgram = async (what: string, args: readonly string[], help: string): Promise<Finding> => {
  const [file = '', ...rest] = args
  try {
    const { stdout } = await run(file, rest, { timeout: 20_000 })
    return finding(what, true, stripVTControlCharacters(stdout.split('\n')[0] ?? '').trim())
  } catch (error) {
    return finding(what, false, messageOf(error).split('\n')[0] ?? '', help)
  }
}

const checkTools = (): Finding[] =>
  (['kafka', 'registry'] as const).map((name) => {
    const damage = damageOf(toolDir(name))
    return finding(
      `fetched ${name}`,
      damage === undefined || !existsSync(toolDir(name)),
      damage === undefined ? 'whole' : existsSync(toolDir(name)) ? damage : 'not fetched yet; up does it',
      'The next ./nikash up fetches it again.',
    )
  })

const checkDisk = (): Finding => {
  const free = freeBytes(existsSync(HOME_DIR) ? HOME_DIR : '.')
  const text = `${(free / 1024 ** 3).toFixed(1)} GB free`
  return finding(
    'disk',
    free >= FREE_BYTES_MIN,
    text,
    'The stack needs 2 GB: free some, or use --data DIR elsewhere.',
  )
}

const checkData = (dataDir: string): Finding => {
  const layout = layoutOf(dataDir)
  if (!existsSync(layout.version)) return finding('data folder', true, `${layout.root} (not made yet)`)
  const version = readFileSync(layout.version, 'utf8').trim()
  const help = 'Use the Nikash version that wrote it, another folder (--data DIR), or ./nikash reset.'
  return finding('data folder', version === LAYOUT_VERSION, `${layout.root}, layout ${version}`, help)
}

const checkStale = (dataDir: string): Finding => {
  const layout = layoutOf(dataDir)
  if (supervisorAlive(readState(layout.state)))
    return finding('stale processes', true, 'none: the stack is running')
  const stale = markedProcesses(layout.root)
  const list = stale.map((process) => `${process.part} (pid ${process.pid})`).join(', ')
  return finding(
    'stale processes',
    stale.length === 0,
    stale.length === 0 ? 'none' : list,
    'End them: ./nikash down',
  )
}

const checkFreePorts = async (portBase: number): Promise<Finding> => {
  try {
    await checkPorts(partsOf(portsFor(portBase), { demo: true, canarySeconds: 1, storesOnly: false }))
    return finding('ports', true, `free from ${portBase}`)
  } catch (error) {
    return finding('ports', false, messageOf(error), error instanceof StackError ? error.help : '')
  }
}

const checkRunningParts = async (options: DoctorOptions): Promise<Finding[]> => {
  const access = findStack(options)
  if (access === undefined || !access.running) return [await checkFreePorts(options.portBase)]
  const parts = await reportParts(access, Date.now())
  return parts
    .filter((part) => part.status !== 'absent')
    .map((part) =>
      finding(
        part.name,
        part.healthy,
        part.healthy ? part.status : part.detail,
        `./nikash logs ${part.name}`,
      ),
    )
}

export const doctor = async (options: DoctorOptions): Promise<ExitCode> => {
  const dataDir = dataDirOf(options)
  const maven = 'Install Maven 3.8 or newer (Debian: apt-get install maven; macOS: brew install maven).'
  const findings: Finding[] = [
    finding('Node', true, process.version),
    await checkJava(),
    await checkProgram('Maven', ['mvn', '-v'], maven),
    ...checkTools(),
    checkDisk(),
    finding(
      'memory',
      totalmem() >= MEMORY_BYTES_MIN,
      `${(totalmem() / 1024 ** 3).toFixed(1)} GB`,
      'The stack uses up to 3 GB: close other programs, or run it with --no-demo.',
    ),
    finding(
      'orphans',
      true,
      (await hasParentDeathSignal())
        ? 'the kernel ends the parts with the supervisor'
        : 'found by the next up or down',
    ),
    checkData(dataDir),
    checkStale(dataDir),
    ...(await checkRunningParts(options)),
  ]
  if (options.output === 'json') {
    printJson({ ok: findings.every((entry) => entry.ok), findings })
  } else {
    for (const entry of findings) {
      print(`${entry.ok ? 'ok  ' : 'BAD '} ${entry.what}: ${entry.says}`)
      if (entry.help !== undefined) print(`     -> ${entry.help}`)
    }
  }
  return findings.every((entry) => entry.ok) ? EXIT.fine : EXIT.finding
}
