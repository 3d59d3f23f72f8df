/**
 * `./nikash bench restore`: how long a killed processor takes until all of its tasks run again, with a large state of
 * the finance topologies: open invoices, each with its version, its balance and its day in the books. One process, ten
 * partitions. Reports the time from the start of the new process to its last task, to the first result of an event that
 * is sent then, and the memory; the results are checked against sums of the invoices. With --kb: a state of values of
 * that size instead of the books, for states that are large.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createCatalogueTopics } from '../../deploy/cli/topic-setup.ts'
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import type { OutputRecord } from '../../platform/kafka/port.ts'
import { WHOLE } from '../../processors/domain/book.ts'
import { AGING_FAMILY, resultKey } from '../../processors/domain/results.ts'
import { NODE_FLAGS } from '../../processors/node-flags.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../schemas/codec/memory-registry.ts'
import type { AnyRecords } from '../../schemas/generated/records.ts'
import { PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { invoice } from '../unit/domain/support.ts'
import type { WorkerLine } from './restore/worker.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    kb: { type: 'string' },
    output: { type: 'string', short: 'o', default: 'table' },
  },
})
const items = Number(values.events)
const blob = values.kb === undefined ? '' : 'x'.repeat(Number(values.kb) * 1024)
const brokers = process.env['KAFKA_BROKERS']
if (brokers === undefined) throw new Error('KAFKA_BROKERS is not set: run this as ./nikash bench restore')

const TENANTS = 200
const CUSTOMERS = 50
const BATCH = values.kb === undefined ? 2_000 : 200
const LINE_MS = 500
const FIRST_DUE = 20_400
const GROUP = 'bench-restore'
const WORKER = fileURLToPath(new URL('./restore/worker.ts', import.meta.url))

const say = (line: string): void => void process.stderr.write(`${line}\n`)
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const wallMs = (): number => performance.timeOrigin + performance.now()

const codec = await RecordCodec.open(new MemoryRegistry())
const port = openKafka({ brokers: brokers.split(','), clientId: 'bench-restore' })
const admin = await port.admin()
const producer = await port.producer()
const expected = new Map<string, bigint>()

function nextInvoice(nth: number): OutputRecord {
  const tenantId = `tenant-${nth % TENANTS}`
  const day = FIRST_DUE + (nth % 90)
  const content = { customer: `C${nth % CUSTOMERS}`, date: day - 30, due: day, total: 100 + (nth % 900) }
  const { data } = invoice(`INV-${nth}`, content) as { data: AnyRecords['InvoiceCreated'] }
  expected.set(tenantId, (expected.get(tenantId) ?? 0n) + (blob === '' ? data.total : 1n))
  const event = { ...data, tenantId, eventId: `ev-${nth}`, aggregateVersion: 1, reference: blob }
  return { topic: TOPICS.events, key: tenantId, value: codec.encode('InvoiceCreated', event) }
}

class Processor {
  readonly #child: ChildProcess
  readonly startedMs = wallMs()
  readonly lines: WorkerLine[] = []

  constructor() {
    const args = [...NODE_FLAGS, '--max-old-space-size=8192', '--disable-warning=ExperimentalWarning', WORKER]
    this.#child = spawn(
      process.execPath,
      [...args, brokers as string, GROUP, 'one', blob === '' ? 'books' : 'blobs'],
      {
        // Its end of stdin tells a worker that we are gone.
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    let rest = ''
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) this.lines.push(JSON.parse(line) as WorkerLine)
    })
  }

  async until<T extends WorkerLine>(wanted: (line: WorkerLine) => line is T): Promise<T> {
    for (;;) {
      const line = this.lines.findLast(wanted)
      if (line !== undefined) return line
      if (this.#child.exitCode !== null) throw new Error('the processor ended before its time')
      await pause(5)
    }
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

const isReady = (line: WorkerLine): line is Extract<WorkerLine, { ready: number }> => 'ready' in line
const isBeat = (line: WorkerLine): line is Extract<WorkerLine, { folded: number }> => 'folded' in line

async function committedSum(): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, p) => p)
  const found = await admin.committed(GROUP, TOPICS.events, partitions, 2_000).catch(() => [])
  return found.reduce((sum, { offset }) => sum + Math.max(0, offset), 0)
}

/** The last committed aging of every tenant as a whole; how many differ from the sums of their invoices. */
async function differences(): Promise<number> {
  const last = new Map<string, bigint>()
  for (let partition = 0; partition < PARTITIONS; partition++)
    for await (const { records } of port.readPartition({ topic: TOPICS.results, partition, from: 0 }))
      for (const { key, value } of records) {
        const decoded = blob === '' ? codec.decode(value) : undefined
        if (decoded === undefined) last.set(String(key), BigInt(String(value)))
        else if (decoded.ok && decoded.type === 'AgingResult') last.set(String(key), decoded.data.total)
      }
  const keyOf = (tenant: string): string =>
    blob === '' ? resultKey(tenant, AGING_FAMILY, WHOLE) : `${tenant}|count`
  return [...expected].filter(([tenant, total]) => last.get(keyOf(tenant)) !== total).length
}

await createCatalogueTopics(brokers)
say(`producing ${items.toLocaleString('en-US')} invoices of ${TENANTS} tenants ...`)
for (let nth = 0; nth < items; nth += BATCH) {
  const count = Math.min(BATCH, items - nth)
  await producer.send(Array.from({ length: count }, (_, i) => nextInvoice(nth + i)))
}
say('folding them ...')
const first = new Processor()
const foldStartedMs = wallMs()
while ((await committedSum()) < items) {
  await pause(LINE_MS)
  await first.until((line): line is WorkerLine => line !== undefined)
}
const foldSeconds = (wallMs() - foldStartedMs) / 1_000
const beats = first.lines.filter(isBeat)
const beforeKill = beats.at(-1)
await first.kill()

const second = new Processor()
const ready = await second.until(isReady)
const sentMs = wallMs()
await producer.send([nextInvoice(items)])
while ((await committedSum()) <= items) await pause(10)
const firstResultMs = wallMs() - sentMs
await pause(4 * LINE_MS)
const after = await second.until(isBeat)
const different = await differences()
await second.kill()
const line = {
  items,
  foldedPerSecond: Math.round(items / foldSeconds),
  checkpoints: beforeKill?.checkpoints ?? 0,
  checkpointBytes: beforeKill?.checkpointBytes ?? 0,
  longestStallMs: Math.max(...beats.map(({ longestStallMs }) => longestStallMs)),
  rssBeforeMb: beforeKill?.rssMb ?? 0,
  secondsToLive: Math.round(ready.ready - second.startedMs) / 1_000,
  secondsToAssigned: Math.round(ready.assigned - second.startedMs) / 1_000,
  replayed: ready.replayed,
  cells: ready.cells,
  rssLiveMb: ready.rssMb,
  rssAfterMb: after.rssMb,
  firstResultMs: Math.round(firstResultMs),
  equal: different === 0,
}
if (values.output === 'json') process.stdout.write(`${JSON.stringify(line)}\n`)
else
  process.stdout.write(
    [
      `folded ${line.foldedPerSecond.toLocaleString('en-US')} invoices/s, ${line.checkpoints} checkpoints, ` +
        `${(line.checkpointBytes / 1048576).toFixed(0)} MB; the loop stood still for ${line.longestStallMs} ms at most`,
      `from the start of the new process to its last task: ${line.secondsToLive} s ` +
        `(partitions after ${line.secondsToAssigned} s; ${line.cells} cells, ${line.replayed} records replayed)`,
      `an event sent then was counted after ${line.firstResultMs} ms`,
      `memory ${line.rssBeforeMb} MB before, ${line.rssLiveMb} MB live again, ${line.rssAfterMb} MB two seconds later`,
      line.equal ? 'results equal the sums of the invoices' : `results of ${different} tenants DIFFER`,
      '',
    ].join('\n'),
  )
await producer.close()
await admin.close()
await port.close()
process.exitCode = different === 0 ? 0 : 1
