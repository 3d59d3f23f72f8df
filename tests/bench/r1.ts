/**
 * `./nikash bench r1`: the reference job R1 on this engine, on Kafka Streams and on Flink, and a plain consumer that
 * only decodes, one after another on one broker and one topic, more than once. A run counts only when the last result of
 * every tenant, read committed, is the expected one; ours only with three checkpoints or more inside it.
 * With --minutes: half the load for that long on a state that stays the same size, and the memory of each worker.
 *
 * Not measured: several machines, disks that are slower than this one's, state larger than memory.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import { generate } from './r1/events.ts'
import { createTopics, produceAll } from './r1/kit.ts'
import { type Figure, measureOurs, type OurFigure, type Run } from './r1/ours.ts'
import { buildPeer, measurePeer, PEERS } from './r1/peers.ts'
import { soak } from './r1/soak.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    tenants: { type: 'string', default: '500' },
    partitions: { type: 'string', default: '4' },
    workers: { type: 'string', default: String(Math.max(1, Math.min(4, cpus().length))) },
    rounds: { type: 'string', default: '2' },
    minutes: { type: 'string' },
    peer: { type: 'string' },
    output: { type: 'string', short: 'o', default: 'table' },
  },
})
const CHECKPOINTS_MIN = 3
const events = Number(values.events)
const partitions = Number(values.partitions)
const brokers = process.env['KAFKA_BROKERS']?.split(',')
if (brokers === undefined) throw new Error('KAFKA_BROKERS is not set: run this as ./nikash bench r1')

const json = values.output === 'json'
const say = (line: string): void => {
  if (json) process.stderr.write(`${line}\n`)
  else process.stdout.write(`${line}\n`)
}
const rate = (n: number): string => `${n.toLocaleString('en-US').padStart(9)} events/s`

const port = openKafka({ brokers, clientId: 'bench-r1' })
const admin = await port.admin()

async function floor(topic: string): Promise<number> {
  const script = fileURLToPath(new URL('./r1/floor.ts', import.meta.url))
  const args = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning', script]
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...args,
    (brokers ?? []).join(','),
    topic,
    String(events),
  ])
  return (JSON.parse(stdout) as { eventsPerSecond: number }).eventsPerSecond
}

/** The peers that are there, built. */
async function peersAtHand(): Promise<Map<string, string>> {
  const folders = new Map<string, string>()
  const builds = fileURLToPath(new URL('../../.nikash/bench/', import.meta.url))
  for (const { folder, label } of PEERS) {
    if (folders.has(folder) || values.peer === undefined || !existsSync(values.peer)) continue
    say(`building ${label} ...`)
    const built = await buildPeer(values.peer, folder, builds)
    if (built !== undefined) folders.set(folder, built)
  }
  if (folders.size === 0) say(`no peers in ${values.peer ?? '(no --peer)'}: only this engine and the floor`)
  return folders
}

interface Measured<F extends Figure = Figure> {
  readonly label: string
  readonly name: string
  readonly figures: F[]
}

interface All {
  readonly ours: Measured<OurFigure>
  readonly others: readonly Measured[]
}

const mean = (figures: readonly Figure[]): number =>
  Math.round(figures.reduce((sum, one) => sum + one.eventsPerSecond, 0) / figures.length)

const shown = ({ eventsPerSecond, different }: Figure): string =>
  `${rate(eventsPerSecond)}${different === 0 ? '' : `   ${different} TENANTS DIFFER: does not count`}`

async function measureAll(run: Run, folders: ReadonlyMap<string, string>): Promise<All> {
  const ours: Measured<OurFigure> = { label: `nikash, ${values.workers} workers`, name: 'ours', figures: [] }
  const floors: Measured = { label: 'plain consumer that decodes', name: 'floor', figures: [] }
  const peers = PEERS.filter(({ folder }) => folders.has(folder)).map((peer) => ({
    peer,
    measured: { label: peer.label, name: peer.name, figures: [] as Figure[] },
  }))
  for (let round = 1; round <= Number(values.rounds); round++) {
    say(`round ${round}`)
    const figure = await measureOurs(run, `ours-${round}`, Number(values.workers))
    ours.figures.push(figure)
    say(`  ${ours.label.padEnd(28)} ${shown(figure)}   ${workOf(figure)}`)
    for (const { peer, measured } of peers) {
      const out = `${peer.name}-${round}-${measured.label.replaceAll(/\W+/g, '-')}`
      const one = await measurePeer(peer, folders.get(peer.folder) as string, run, out)
      measured.figures.push(one)
      say(`  ${measured.label.padEnd(28)} ${shown(one)}`)
    }
    floors.figures.push({ eventsPerSecond: await floor(run.topic), different: 0 })
    say(`  ${floors.label.padEnd(28)} ${shown(floors.figures.at(-1) as Figure)}`)
  }
  return { ours, others: [...peers.map(({ measured }) => measured), floors] }
}

const workOf = ({ commits, checkpoints, checkpointBytes, workers }: OurFigure): string =>
  `${commits} commits, ${checkpoints} checkpoints of ${(checkpointBytes / 1048576).toFixed(1)} MB, ` +
  `cpu ${workers.map(({ cpuSeconds }) => cpuSeconds.toFixed(1)).join(' + ')} s, ` +
  `rss ${workers.map(({ rssMb }) => rssMb).join(' + ')} MB, ` +
  `loop still for ${Math.max(...workers.map(({ longestStallMs }) => longestStallMs))} ms at most`

/** The faster of a peer's ways to be run, or null when it was not measured. */
function best(all: readonly Measured[], name: string): number | null {
  const figures = all
    .filter((one) => one.name === name && one.figures.length > 0)
    .map((one) => mean(one.figures))
  return figures.length === 0 ? null : Math.max(...figures)
}

const ratio = (ours: number, other: number | null): number | null =>
  other === null ? null : Math.round((ours / other) * 100) / 100

async function compare(): Promise<boolean> {
  const folders = await peersAtHand()
  const topic = 'r1'
  await createTopics(admin, partitions, [topic])
  say(`producing ${events.toLocaleString('en-US')} events on ${partitions} partitions ...`)
  const generated = generate({ events, tenants: Number(values.tenants) })
  await produceAll(port, topic, generated)
  const run: Run = { port, admin, brokers: brokers ?? [], topic, partitions, expected: generated.results() }
  const { ours, others: all } = await measureAll(run, folders)
  const mine = ours.figures
  const equal = [ours, ...all].flatMap((one) => one.figures).every(({ different }) => different === 0)
  const checkpoints = Math.min(...mine.map((one) => one.checkpoints))
  const enough = checkpoints >= CHECKPOINTS_MIN
  const line = {
    ours: mean(ours.figures),
    kafkaStreams: best(all, 'kafkaStreams'),
    flink: best(all, 'flink'),
    floor: best(all, 'floor'),
    ratioKafkaStreams: ratio(mean(ours.figures), best(all, 'kafkaStreams')),
    ratioFlink: ratio(mean(ours.figures), best(all, 'flink')),
    equal,
    checkpoints,
    checkpointBytes: Math.round(mine.reduce((n, one) => n + one.checkpointBytes, 0) / mine.length),
    commits: Math.round(mine.reduce((n, one) => n + one.commits, 0) / mine.length),
  }
  if (json) process.stdout.write(`${JSON.stringify(line)}\n`)
  else {
    say(`mean of ${values.rounds} rounds: ours ${rate(line.ours).trim()}`)
    if (line.kafkaStreams !== null)
      say(
        `  ${line.ratioKafkaStreams} times Kafka Streams (${rate(line.kafkaStreams).trim()}, its faster form)`,
      )
    if (line.flink !== null) say(`  ${line.ratioFlink} times Flink (${rate(line.flink).trim()})`)
    if (!equal) say('  results differ: these figures do not count')
    if (!enough)
      say(`  only ${checkpoints} checkpoints: a run needs ${CHECKPOINTS_MIN} to count; use more events`)
  }
  return equal && enough
}

try {
  const good =
    values.minutes === undefined
      ? await compare()
      : await soak({ port, admin, brokers, partitions }, { minutes: Number(values.minutes), say, json })
  process.exitCode = good ? 0 : 1
} finally {
  await admin.close()
  await port.close()
}
