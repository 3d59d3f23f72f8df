/**
 * Owns how our own processes are started: which file, which ports, how much heap, what "ready" means. Refuses: knowing
 * what they do. A service whose file is not in the clone is listed as absent.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { NODE_FLAGS } from '../../../processors/node-flags.ts'
import { serviceEnvironment } from '../environment.ts'
import { hasParentDeathSignal } from '../launcher.ts'
import { expectHttpOk, type Part, sourceExists, sourceFile, type StackContext } from '../part.ts'
import { ensurePage } from '../page.ts'
import type { Ports } from '../ports.ts'

const STORES = ['postgres', 'redis', 'kafka', 'registry', 'clickhouse'] as const
const PARENT_WATCH = new URL('../parent-watch.ts', import.meta.url).pathname

type Service = {
  readonly name: string
  readonly main: string
  readonly heapMb: number
  readonly nodeFlags?: readonly string[]
  readonly ports: Readonly<Record<string, number>>
  readonly readyPort: number
  readonly env: (context: StackContext) => Readonly<Record<string, string>>
  readonly kind?: 'store' | 'service'
  readonly warmUp?: (say: (line: string) => void) => Promise<void>
  readonly dependsOn?: readonly string[]
}

const nodeArgs = async ({ heapMb, main, nodeFlags = [] }: Service): Promise<string[]> => [
  `--max-old-space-size=${heapMb}`,
  ...nodeFlags,
  '--disable-warning=ExperimentalWarning',
  ...((await hasParentDeathSignal()) ? [] : ['--import', PARENT_WATCH]),
  sourceFile(main),
]

const asPart = (service: Service): Part => ({
  name: service.name,
  kind: service.kind ?? 'service',
  version: 'this clone',
  ports: service.ports,
  dependsOn: service.dependsOn ?? ['setup'],
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 15_000,
  healthTimeoutMs: 60_000,
  present: sourceExists(service.main),
  ...(service.warmUp === undefined ? {} : { warmUp: service.warmUp }),
  prepare: async (context, say) => {
    await service.warmUp?.(say)
    const dataDir =
      service.name === 'clickhouse' ? context.layout.clickhouse : join(context.layout.services, service.name)
    mkdirSync(dataDir, { recursive: true })
    return {
      file: process.execPath,
      args: await nodeArgs(service),
      env: { ...serviceEnvironment(context), DATA_DIR: dataDir, ...service.env(context) },
      cwd: sourceFile('.'),
    }
  },
  check: () => expectHttpOk(service.readyPort, '/readyz'),
})

const worker = (
  name: keyof Ports['admin'],
  main: string,
  heapMb: number,
  ports: Ports,
  env: (context: StackContext) => Readonly<Record<string, string>> = () => ({}),
): Part => {
  const admin = ports.admin[name]
  return asPart({
    name,
    main,
    heapMb,
    ports: { admin },
    readyPort: admin,
    env: (context) => ({ ADMIN_PORT: String(admin), PORT: String(admin), ...env(context) }),
  })
}

const listener = (name: 'api' | 'commands', main: string, heapMb: number, ports: Ports): Part => {
  const [port, admin] = [ports[name], ports.admin[name]]
  return asPart({
    name,
    main,
    heapMb,
    ports: { http: port, admin },
    readyPort: port,
    env: () => ({ PORT: String(port), ADMIN_PORT: String(admin) }),
    ...(name === 'api' ? { warmUp: ensurePage } : {}),
  })
}

export const clickhousePart = (ports: Ports): Part => {
  const part = asPart({
    name: 'clickhouse',
    kind: 'store',
    main: 'deploy/local/clickhouse/main.ts',
    heapMb: 256,
    ports: { http: ports.clickhouse },
    readyPort: ports.clickhouse,
    dependsOn: [],
    env: () => ({
      CLICKHOUSE_FRONT_PORT: String(ports.clickhouse),
      ADMIN_PORT: String(ports.admin.clickhouse),
    }),
  })
  return { ...part, version: 'chdb', check: () => expectHttpOk(ports.clickhouse, '/ping') }
}

const processorsPart = (ports: Ports): Part => {
  const admin = ports.admin.processors
  return asPart({
    name: 'processors',
    main: 'processors/main.ts',
    heapMb: 384,
    nodeFlags: NODE_FLAGS,
    ports: { admin },
    readyPort: admin,
    env: () => ({ ADMIN_PORT: String(admin), PORT: String(admin), PROCESSORS_INSTANCE: 'local-1' }),
  })
}

/** Topics, schemas and tables: one run after the stores are up, before any service starts. */
export const setupPart = (): Part => ({
  ...asPart({
    name: 'setup',
    main: 'deploy/cli/setup.ts',
    heapMb: 256,
    ports: {},
    readyPort: 0,
    dependsOn: STORES,
    env: () => ({}),
  }),
  kind: 'task',
  healthTimeoutMs: 120_000,
})

/** Trades through the command service. */
const trader = (
  name: 'demo' | 'canary',
  main: string,
  heapMb: number,
  ports: Ports,
  env: (context: StackContext) => Readonly<Record<string, string>>,
): Part => ({ ...worker(name, main, heapMb, ports, env), dependsOn: ['setup', 'commands'] })

export const serviceParts = (
  ports: Ports,
  options: { readonly demo: boolean; readonly canarySeconds: number },
): Part[] => [
  listener('commands', 'producers/main.ts', 192, ports),
  worker('relay', 'producers/relay-main.ts', 160, ports),
  worker('clock', 'producers/clock-main.ts', 96, ports),
  processorsPart(ports),
  worker('sink-redis', 'sinks/main.ts', 192, ports, () => ({ SINK: 'redis' })),
  worker('sink-clickhouse', 'sinks/main.ts', 256, ports, () => ({ SINK: 'clickhouse' })),
  worker('sink-audit', 'sinks/main.ts', 128, ports, ({ urls }) => ({
    SINK: 'audit',
    AUDIT_DATABASE_URL: urls.databaseAuditor,
  })),
  worker('reconcile', 'sinks/main.ts', 128, ports, ({ canarySeconds }) => ({
    SINK: 'reconcile',
    CANARY: canarySeconds > 0 ? 'on' : 'off',
  })),
  listener('api', 'api/main.ts', 256, ports),
  ...(options.demo
    ? [
        trader('demo', 'producers/simulator/main.ts', 160, ports, ({ speed }) => ({
          SPEED: String(speed),
        })),
      ]
    : []),
  ...(options.canarySeconds > 0
    ? [
        trader('canary', 'producers/canary/main.ts', 96, ports, ({ canarySeconds }) => ({
          CANARY_SECONDS: String(canarySeconds),
        })),
      ]
    : []),
]
