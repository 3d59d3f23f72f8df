/**
 * Owns `status`: what the state file says, checked against what lives and answers now. Refuses: calling a part healthy
 * because a file says so.
 */
import { publicEnvironment } from '../local/environment.ts'
import { EXIT, type ExitCode, messageOf } from '../local/errors.ts'
import { partsOf } from '../local/parts/catalogue.ts'
import { isAlive, residentKb } from '../local/processes.ts'
import type { PartState } from '../local/state.ts'
import { canaryLine, readCanary } from './canary.ts'
import { type DataOption, dataDirOf, findStack, notRunning, type StackAccess } from './access.ts'
import { duration, megabytes, note, print, printJson, table } from './output.ts'
import { layoutOf } from '../local/paths.ts'

export type StatusOptions = DataOption & { readonly output?: 'json' | 'env' | 'table' }

const CHECK_TIMEOUT_MS = 4_000

type PartReport = PartState & {
  readonly healthy: boolean
  readonly memoryKb: number
  readonly uptimeMs: number | null
}

const withTimeout = async (check: Promise<void>): Promise<string | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS)
  })
  const outcome = await Promise.race([
    check.then(
      () => undefined,
      (error: unknown) => messageOf(error),
    ),
    late,
  ])
  clearTimeout(timer)
  return outcome
}

export const reportParts = async (access: StackAccess, now: number): Promise<PartReport[]> => {
  const { state, context } = access
  const definitions = new Map(
    partsOf(context.ports, { demo: true, canarySeconds: 1, storesOnly: false }).map((part) => [
      part.name,
      part,
    ]),
  )
  return Promise.all(
    state.parts.map(async (part) => {
      const alive =
        part.pid !== null && part.startTime !== null && isAlive({ pid: part.pid, startTime: part.startTime })
      const definition = definitions.get(part.name)
      const expected = part.kind !== 'task' && part.status !== 'absent'
      const problem =
        !expected || definition === undefined
          ? undefined
          : alive
            ? await withTimeout(definition.check(context))
            : part.status === 'stopped'
              ? 'it was stopped'
              : 'its process is gone'
      return {
        ...part,
        detail: part.detail === '' ? (problem ?? '') : part.detail,
        healthy:
          part.status === 'absent' || part.status === 'done' || (expected && problem === undefined && alive),
        memoryKb: alive && part.pid !== null ? residentKb(part.pid) : 0,
        uptimeMs: alive && part.startedAt !== null ? now - Date.parse(part.startedAt) : null,
      }
    }),
  )
}

const portsText = (part: PartState): string =>
  Object.entries(part.ports)
    .map(([name, port]) => `${name} ${port}`)
    .join(', ')

export const environmentLines = (access: StackAccess): string[] => {
  const environment = {
    ...publicEnvironment(access.context),
    CLICKHOUSE_ANALYST_SECRET: access.context.secrets.clickhouseAnalystSecret,
    JWT_ACCESS_SECRET: access.context.secrets.jwtAccessSecret,
    NIKASH_STATE_FILE: access.layout.state,
  }
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`)
}

const printTable = (access: StackAccess, parts: readonly PartReport[], canary: string | undefined): void => {
  const rows = parts.map((part) => [
    part.name,
    part.status === 'healthy' && !part.healthy ? 'unhealthy' : part.status,
    part.pid === null ? '-' : String(part.pid),
    part.uptimeMs === null ? '-' : duration(part.uptimeMs),
    String(part.restarts),
    part.memoryKb === 0 ? '-' : megabytes(part.memoryKb),
    portsText(part),
    part.detail,
  ])
  print(table(['part', 'status', 'pid', 'up', 'restarts', 'memory', 'ports', ''], rows))
  const total = parts.reduce((sum, part) => sum + part.memoryKb, 0)
  print()
  print(`${access.state.phase}, ${megabytes(total)} in all; data and logs in ${access.layout.root}`)
  const { urls } = access.context
  print(`dashboard and API ${urls.api}, commands ${urls.commands}`)
  if (canary !== undefined) print(canary)
}

export const status = async (options: StatusOptions): Promise<ExitCode> => {
  const access = findStack(options)
  if (access === undefined || !access.running) {
    const problem = notRunning(layoutOf(dataDirOf(options)))
    if (options.output === 'json') printJson({ phase: 'down', dataDir: dataDirOf(options), parts: [] })
    note(`${problem.message} ${problem.help}`)
    return EXIT.partDown
  }
  if (options.output === 'env') {
    for (const line of environmentLines(access)) print(line)
    return EXIT.fine
  }
  const parts = await reportParts(access, Date.now())
  const canary = await readCanary(access)
  const healthy = access.state.phase === 'up' && parts.every((part) => part.healthy)
  if (options.output === 'json') {
    const { urls } = access.context
    printJson({
      phase: access.state.phase,
      healthy,
      dataDir: access.layout.root,
      portBase: access.state.portBase,
      demo: access.state.demo,
      supervisor: access.state.supervisor.pid,
      urls: {
        api: urls.api,
        commands: urls.commands,
        kafka: urls.kafkaBrokers,
        schemaRegistry: urls.schemaRegistry,
        clickhouse: urls.clickhouse,
        redis: urls.redis,
      },
      ...(canary === undefined ? {} : { canary }),
      parts: parts.map(({ stopSignal: _signal, startTime: _start, ...part }) => part),
    })
  } else {
    printTable(access, parts, canary === undefined ? undefined : canaryLine(canary, Date.now()))
  }
  return healthy ? EXIT.fine : EXIT.partDown
}
