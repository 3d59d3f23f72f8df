/**
 * The peers of R1: Kafka Streams and Flink, from a folder with `kafka-streams/` and `flink/` (Maven projects). Owns
 * their build in a folder of ours and how they are run; what they are and how they measure themselves is theirs.
 */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Figure, Run } from './ours.ts'
import { createTopics, differences } from './kit.ts'

const run = promisify(execFile)
const BUILD_MS = 600_000
const RUN_MS = 600_000
const OPEN_JAVA = ['java.base/java.util', 'java.base/java.lang'].flatMap((one) => [
  '--add-opens',
  `${one}=ALL-UNNAMED`,
])

export interface Peer {
  readonly name: 'kafkaStreams' | 'flink'
  readonly label: string
  readonly folder: string
  readonly java: readonly string[]
  readonly args: (run: Run, out: string) => readonly string[]
}

const streams = (threads: number): Peer => ({
  name: 'kafkaStreams',
  label: `Kafka Streams, ${threads} thread${threads === 1 ? '' : 's'}`,
  folder: 'kafka-streams',
  java: ['-Xmx2g', '-DcommitMs=100', '-DemitMs=1000'],
  args: ({ brokers, topic }, out) => [
    brokers.join(','),
    topic,
    out,
    'in-memory',
    String(threads),
    'exactly_once_v2',
  ],
})

export const PEERS: readonly Peer[] = [
  streams(1),
  streams(2),
  {
    name: 'flink',
    label: 'Flink, parallelism 1',
    folder: 'flink',
    java: ['-Xmx2g', ...OPEN_JAVA, '-DcheckpointMs=1000', '-DemitMs=1000'],
    args: ({ brokers, topic }, out) => [brokers.join(','), topic, out, '1'],
  },
]

function* files(folder: string): IterableIterator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name !== 'target') yield* files(path)
    else if (entry.isFile()) yield path
  }
}

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const file of [...files(folder)].sort()) hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

/** Builds a peer beside our own tools, once per content. Gives the folder, or undefined when it is not there. */
export async function buildPeer(peers: string, name: string, builds: string): Promise<string | undefined> {
  const source = join(peers, name)
  if (!existsSync(join(source, 'pom.xml'))) return undefined
  const target = join(builds, name)
  const mark = join(target, '.built')
  const digest = digestOf(source)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) return target
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  cpSync(source, target, { recursive: true, filter: (path) => !path.endsWith('/target') })
  const goals = ['-q', 'compile', 'dependency:copy-dependencies', '-DoutputDirectory=target/libs']
  await run('mvn', goals, { cwd: target, timeout: BUILD_MS, maxBuffer: 16 * 1024 * 1024 })
  writeFileSync(mark, digest)
  return target
}

/** One run. Its own figure counts, from its first to its last event. */
export async function measurePeer(peer: Peer, folder: string, setup: Run, out: string): Promise<Figure> {
  await createTopics(setup.admin, setup.partitions, [out])
  const classpath = [join('target', 'classes'), join('target', 'libs', '*')].join(delimiter)
  const args = [...peer.java, '-cp', classpath, 'Peer', ...peer.args(setup, out)]
  const { stdout } = await run('java', args, { cwd: folder, timeout: RUN_MS, maxBuffer: 16 * 1024 * 1024 })
  const line = stdout.split('\n').find((one) => one.startsWith('{'))
  if (line === undefined) throw new Error(`${peer.label} printed no figure`)
  const { eventsPerSecond } = JSON.parse(line) as { eventsPerSecond: number }
  const different = await differences(setup.port, out, setup.partitions, setup.expected)
  return { eventsPerSecond, different }
}
