/**
 * The local stack itself: its own, with the stores alone, in a folder that only its owner may enter. It is started,
 * killed and stopped by the command line, as a person would; processes are looked for in /proc.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import pg from 'pg'
import { describeWhen, killPart, partOf, waitForRestart } from '../support/stack.ts'

const CLI = resolve(import.meta.dirname, '../../deploy/cli/main.ts')
const BASE = 13_000 + (process.pid % 40) * 1_000
const STORES = ['postgres', 'redis', 'kafka', 'registry'] as const
const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

const nikash = (...args: string[]): Promise<Ran> =>
  new Promise((done) => {
    execFile(process.execPath, [...FLAGS, CLI, ...args], { env: cleanEnv() }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
  })

/** Without Jest's own Node options, which the stack's processes must not inherit. */
const cleanEnv = (): NodeJS.ProcessEnv => {
  const { NODE_OPTIONS: _jest, ...rest } = process.env
  return rest
}

let folder = ''
let data = ''
let stateFile = ''
let env: Record<string, string> = {}

const up = (...more: string[]) =>
  nikash('up', '--stores-only', '--detach', '--data', data, '--port-base', String(BASE), ...more)

const readEnv = async (): Promise<void> => {
  const { stdout } = await nikash('status', '-o', 'env', '--data', data)
  env = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

/** Pids whose environment or command line names the data folder, whoever their parent is. */
const processesOfStack = (): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) =>
      ['environ', 'cmdline'].some((file) => {
        try {
          return readFileSync(`/proc/${entry}/${file}`, 'utf8').includes(data)
        } catch {
          return false
        }
      }),
    )
    .map(Number)

const until = async (condition: () => boolean, timeoutMs: number): Promise<void> => {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not true after ${timeoutMs} ms: ${condition.toString()}`)
    await sleep(100)
  }
}

const inPostgres = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: env['DATABASE_OWNER_URL'] })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const inRedis = async <T>(work: (client: Redis) => Promise<T>): Promise<T> => {
  const client = new Redis(env['REDIS_URL'] ?? '', { maxRetriesPerRequest: 1 })
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

const kafka = () =>
  new Kafka({ clientId: 'stack-test', brokers: [env['KAFKA_BROKERS'] ?? ''], logLevel: logLevel.NOTHING })

const writeEverywhere = async (): Promise<void> => {
  await inPostgres((client) => client.query("create table kept (what text); insert into kept values ('row')"))
  await inRedis((client) => client.set('kept', 'value'))
  const admin = kafka().admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  const producer = kafka().producer()
  await producer.connect()
  await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'record' }] })
  await producer.disconnect()
  const schema = JSON.stringify({ schema: JSON.stringify({ type: 'record', name: 'Kept', fields: [] }) })
  const answer = await fetch(`${env['SCHEMA_REGISTRY_URL']}/subjects/kept/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: schema,
  })
  expect(answer.status).toBe(200)
  // Redis writes its log to disk once a second: what is younger may be lost, and says so in its documentation.
  await sleep(1_500)
}

const readEverywhere = async (): Promise<unknown> => {
  const admin = kafka().admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets('kept')
  await admin.disconnect()
  const subjects: unknown = await (await fetch(`${env['SCHEMA_REGISTRY_URL']}/subjects`)).json()
  return {
    row: await inPostgres(async (client) => (await client.query('select what from kept')).rows),
    value: await inRedis((client) => client.get('kept')),
    records: offsets.map((offset) => offset.high),
    subjects,
  }
}
const EVERYTHING = { row: [{ what: 'row' }], value: 'value', records: ['1'], subjects: ['kept'] }

describeWhen(process.platform === 'linux', 'a local stack', 'looks into /proc', () => {
  beforeAll(async () => {
    // mkdtemp makes the folder 0700: as root, Postgres runs as another user and has to get in all the same.
    folder = mkdtempSync(join(tmpdir(), 'nikash-stack-'))
    data = join(folder, 'data')
    stateFile = join(data, 'state.json')
    const started = await up()
    if (started.code !== 0) throw new Error(`${started.stdout}\n${started.stderr}`)
    await readEnv()
    await writeEverywhere()
  }, 120_000)

  afterAll(async () => {
    await nikash('down', '--volumes', '--data', data)
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('is left as it is by a second up', async () => {
    const before = STORES.map((name) => partOf(stateFile, name).pid)
    const again = await up()
    expect(again).toMatchObject({ code: 0 })
    expect(again.stderr).toContain('already running')
    expect(STORES.map((name) => partOf(stateFile, name).pid)).toEqual(before)
  }, 30_000)

  it('listens on loopback alone', () => {
    const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      readFileSync(table, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[3] === '0A')
        .map((fields) => fields[1] ?? '')
        .filter((address) => {
          const port = Number.parseInt(address.split(':')[1] ?? '', 16)
          return port >= BASE && port < BASE + 110
        }),
    )
    expect(listening.length).toBeGreaterThanOrEqual(5)
    // 127.0.0.1, plain or mapped into IPv6, in the kernel's byte order.
    for (const address of listening) expect(address).toMatch(/^(0100007F|0000000000000000FFFF00000100007F):/)
  })

  it('keeps its data and comes back when every store is killed with -9', async () => {
    const killed = STORES.map((name) => [name, killPart(stateFile, name)] as const)
    for (const [name, pid] of killed) await waitForRestart(stateFile, name, pid, 90_000)
    await expect(readEverywhere()).resolves.toEqual(EVERYTHING)
    const status = await nikash('status', '-o', 'json', '--data', data)
    expect(status.code).toBe(0)
    expect(JSON.parse(status.stdout)).toMatchObject({ healthy: true, phase: 'up' })
  }, 150_000)

  it('refuses a second stack on its ports, and says who has them', async () => {
    const other = join(folder, 'other')
    const refused = await nikash(
      'up',
      '--stores-only',
      '--detach',
      '--data',
      other,
      '--port-base',
      String(BASE),
    )
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain(`(for postgres) by pid ${partOf(stateFile, 'postgres').pid}`)
    expect(refused.stderr).toContain(`./nikash down --data ${data}`)
    expect(refused.stderr).toContain('--port-base')
  }, 30_000)

  it('leaves no orphan when its supervisor is killed with -9, and starts again with its data', async () => {
    const { supervisor } = JSON.parse(readFileSync(stateFile, 'utf8')) as { supervisor: { pid: number } }
    expect(processesOfStack().length).toBeGreaterThanOrEqual(5)
    process.kill(supervisor.pid, 'SIGKILL')
    await until(() => processesOfStack().length === 0, 30_000)
    const status = await nikash('status', '--data', data)
    expect(status.code).toBe(3)
    const again = await up()
    expect(again.code).toBe(0)
    await expect(readEverywhere()).resolves.toEqual(EVERYTHING)
  }, 150_000)

  it('is gone after down, keeps its data for the next up, and loses it only with --volumes', async () => {
    expect((await nikash('down', '--data', data)).code).toBe(0)
    expect(processesOfStack()).toEqual([])
    expect((await up()).code).toBe(0)
    await expect(readEverywhere()).resolves.toEqual(EVERYTHING)
    expect((await nikash('down', '--volumes', '--data', data)).code).toBe(0)
    expect(processesOfStack()).toEqual([])
    expect(existsSync(data)).toBe(false)
  }, 120_000)
})

describe('a port that somebody else has', () => {
  it('stops up before it starts anything', async () => {
    const server = createServer()
    await new Promise<void>((listening) => server.listen({ host: '127.0.0.1', port: 0 }, listening))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const other = mkdtempSync(join(tmpdir(), 'nikash-ports-'))
    // 32 is the offset of Postgres.
    const refused = await nikash(
      'up',
      '--stores-only',
      '--detach',
      '--data',
      other,
      '--port-base',
      String(port - 32),
    )
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain(`${port} (for postgres) by pid ${process.pid}`)
    expect(existsSync(join(other, 'postgres'))).toBe(false)
    await new Promise((closed) => server.close(closed))
    rmSync(other, { recursive: true, force: true })
  }, 30_000)
})
