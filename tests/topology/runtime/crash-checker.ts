/**
 * Says what is wrong with a history, against a plain model of the toys (crash-model.ts).
 * H1: every result equals the model at the result's own revision, and every change is in the first cut behind it.
 * H2: every once-only fact is there once, in order: alerts, timer facts, dead letters, late records, reroutes.
 * H3: revisions and epochs of a partition never go back; the newest result of a key is the final one.
 * H4: the committed offset is the end of the input. H5: no transaction is open. H6: a checkpoint is not above the
 * committed offset, and holds the model's state at its offset, no more and no less.
 */
import type { InputRecord } from '../../../platform/kafka/port.ts'
import { parseKey } from '../../../processors/runtime/manifest.ts'
import { CheckpointImage } from '../../../processors/runtime/restore-image.ts'
import { Task } from '../../../processors/runtime/task.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import { runtimeTopics } from '../../../processors/runtime/topics.ts'
import type { History, PartitionHistory } from './crash-history.ts'
import { type Fact, Model, type Reroute } from './crash-model.ts'
import { codec } from './oracle.ts'
import { ITEMS, RANK, TALLY, TOYS } from './toy.ts'

/** One line per fault; empty = nothing is wrong. */
export function wrongs(history: History): string[] {
  const found: string[] = []
  const reroutes = history.partitions.map((part) => new PartitionCheck(history, part, found).run())
  for (const [from, sent] of reroutes.entries()) checkReroutes(history, from, sent, found)
  return found
}

interface Result {
  readonly key: string
  readonly bytes: Buffer
  readonly epoch: number
  readonly revision: number
}

const text = (bytes: Buffer | null): string => (bytes === null ? 'nothing' : bytes.toString('latin1'))
const textual = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return `${one}n`
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
  })

class PartitionCheck {
  readonly #history: History
  readonly #part: PartitionHistory
  readonly #found: string[]
  readonly #model: Model
  /** First published revision at or behind the record at hand. */
  readonly #cuts: readonly number[]
  readonly #results: readonly Result[]

  constructor(history: History, part: PartitionHistory, found: string[]) {
    this.#history = history
    this.#part = part
    this.#found = found
    const { idHorizonMs, partitions } = history
    this.#model = new Model({ partition: part.partition, partitions: partitions.length, idHorizonMs })
    this.#results = part.results.flatMap((record) => this.#read(record))
    this.#cuts = [...new Set(this.#results.map(({ revision }) => revision))].sort((a, b) => a - b)
  }

  run(): readonly Reroute[] {
    const places = new Map<number, string>()
    const images = this.#checkpoints(places)
    this.#fold(images)
    for (const [offset, what] of places)
      if (!images.done.has(offset)) this.#wrong(`${what} is at offset ${offset}, which the log never reached`)
    this.#order()
    this.#newest()
    this.#once()
    this.#position()
    return this.#model.reroutes
  }

  #wrong(text: string): void {
    this.#found.push(`partition ${this.#part.partition}: ${text}`)
  }

  #read({ key, value, offset }: InputRecord): Result[] {
    const decoded = TEST_CODEC.decode(value)
    if (decoded.ok && decoded.type === 'KpiResult' && value !== null) {
      const { epoch, revision } = decoded.data
      return [{ key: String(key), bytes: value, epoch, revision }]
    }
    this.#wrong(`the record at ${offset} of the results is none`)
    return []
  }

  /** H1, H6 on the way. */
  #fold(images: Checkpoints): void {
    const byRevision = Map.groupBy(this.#results, ({ revision }) => revision)
    let cut = 0
    images.at(0, this.#model)
    for (const record of this.#part.log) {
      images.upTo(record.offset, this.#model)
      this.#model.take(record)
      const here = byRevision.get(record.offset) ?? []
      for (const result of here) this.#atRevision(result)
      byRevision.delete(record.offset)
      while ((this.#cuts[cut] ?? Number.POSITIVE_INFINITY) < record.offset) cut++
      const published = byRevision.get(this.#cuts[cut] as number) ?? here
      for (const key of this.#model.touched)
        if (this.#cuts[cut] === undefined || !published.some((result) => result.key === key))
          this.#wrong(`${key} changed at ${record.offset}, and the next cut has no result of it`)
    }
    images.upTo(Number.POSITIVE_INFINITY, this.#model)
    for (const [revision, results] of byRevision)
      this.#wrong(`${results.length} results of revision ${revision}, where no record is`)
  }

  #atRevision({ key, bytes, revision }: Result): void {
    const { epoch } = this.#history
    const { logTime } = this.#model
    const about = this.#model.resultOf(key)
    const rest = { slice: '', kind: 'CURRENT', currency: 'BDT', windows: [] } as const
    const right = TEST_CODEC.encode('KpiResult', { ...about, ...rest, epoch, revision, logTime })
    if (!right.equals(bytes)) this.#wrong(`${key} at revision ${revision} is not what the log gives there`)
  }

  /** H3. */
  #order(): void {
    let before: Result | undefined
    for (const result of this.#results) {
      if (before && (result.epoch < before.epoch || result.revision < before.revision))
        this.#wrong(`revision ${result.revision} of ${result.key} comes after ${before.revision}`)
      before = result
    }
  }

  #newest(): void {
    const newest = new Map(this.#results.map((result) => [result.key, result]))
    for (const [key, { bytes }] of newest) {
      const decoded = TEST_CODEC.decode(bytes)
      const { tenantId, family, asOf } = decoded.ok ? (decoded.data as ReturnType<Model['resultOf']>) : {}
      const last = textual({ tenantId, family, asOf })
      const final = textual(this.#model.resultOf(key))
      if (last !== final) this.#wrong(`the newest ${key} says ${last}, but the log gives ${final}`)
    }
    for (const tenant of this.#model.tallies.keys())
      if (!newest.has(`${tenant}|tally|`)) this.#wrong(`there is no result of ${tenant}`)
  }

  /** H2, but for the reroutes. */
  #once(): void {
    for (const topic of ['alerts', 'history', 'dlq', 'late'] as const) {
      const seen = this.#part[topic].map((record) => lineOf(topic, record))
      const right = this.#model.facts.filter((fact) => fact.topic === topic).map(lineOfFact)
      compare(`partition ${this.#part.partition}: ${topic}`, seen, right, this.#found)
    }
    const letters = this.#part.resultsDlq.length
    if (letters > 0) this.#wrong(`${letters} results could not be rendered`)
  }

  /** H4, H5. */
  #position(): void {
    const { log, committed, ends } = this.#part
    const last = log.at(-1)?.offset ?? -1
    const end = ends.find(({ topic }) => topic === this.#history.topics.events)?.end ?? 0
    if (committed.offset <= last)
      this.#wrong(`offset ${committed.offset} is committed, the last record is ${last}`)
    if (committed.offset > end) this.#wrong(`offset ${committed.offset} is committed, the log ends at ${end}`)
    for (const { topic, stable, end: high } of ends)
      if (stable !== high) this.#wrong(`a transaction holds ${topic} at ${stable} of ${high}`)
  }

  /** Every manifest that became visible, with the cells as they stood then. */
  #checkpoints(places: Map<number, string>): Checkpoints {
    const { group, epoch } = this.#history
    const { checkpoints, committed, checkpointed, partition } = this.#part
    const image = new CheckpointImage(group)
    const all: Checkpoint[] = []
    let last = -1
    for (const { key, value } of checkpoints) {
      image.apply(key, value)
      if (parseKey(group, String(key))?.kind !== 'manifest') continue
      const { manifest } = image
      if (manifest === undefined) continue
      const { offset, revision } = manifest
      if (offset < last) this.#wrong(`the checkpoint at ${offset} comes after the one at ${last}`)
      if (manifest.epoch !== epoch) this.#wrong(`the checkpoint at ${offset} is of epoch ${manifest.epoch}`)
      if (offset > committed.offset)
        this.#wrong(`the checkpoint at ${offset} is above the committed offset ${committed.offset}`)
      if (revision >= offset) this.#wrong(`the checkpoint at ${offset} has folded ${revision}`)
      last = offset
      places.set(offset, 'a checkpoint')
      const partitions = this.#history.partitions.length
      const task = new Task({ topologies: TOYS, codec, topics: runtimeTopics(), partition, partitions })
      try {
        image.load(task, TOYS, manifest, `partition ${partition}`)
        all.push({ offset, state: stateOfTask(task) })
      } catch (error) {
        this.#wrong(`the checkpoint at ${offset} cannot be loaded: ${(error as Error).message}`)
      }
    }
    if (last !== checkpointed.offset)
      this.#wrong(`the newest checkpoint is at ${last}, its fence at ${checkpointed.offset}`)
    return new Checkpoints(all, (line) => this.#wrong(line))
  }
}

interface Checkpoint {
  readonly offset: number
  readonly state: string
}

/** H6: compares each one when the model stands at its offset. */
class Checkpoints {
  readonly done = new Set<number>()
  readonly #all: readonly Checkpoint[]
  readonly #wrong: (line: string) => void
  #next = 0

  constructor(all: readonly Checkpoint[], wrong: (line: string) => void) {
    this.#all = [...all].sort((a, b) => a.offset - b.offset)
    this.#wrong = wrong
  }

  at(_offset: number, model: Model): void {
    this.upTo(0, model)
  }

  /** The model has taken every record below `offset`, and none from there on. */
  upTo(offset: number, model: Model): void {
    for (; (this.#all[this.#next]?.offset ?? Number.POSITIVE_INFINITY) <= offset; this.#next++) {
      const checkpoint = this.#all[this.#next]
      if (checkpoint === undefined) return
      this.done.add(checkpoint.offset)
      if (checkpoint.state !== stateOfModel(model))
        this.#wrong(`the checkpoint at ${checkpoint.offset} holds another state than the log gives there`)
    }
  }
}

const sorted = (entries: Iterable<readonly [string, unknown]>): string =>
  textual([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))

const stateOfModel = (model: Model): string =>
  [
    sorted(model.tallies),
    sorted(model.items),
    sorted(model.leader === undefined ? [] : [['leader', model.leader]]),
    sorted(model.timers),
  ].join('\n')

function stateOfTask({ state }: Task): string {
  const entries = (store: string): string => sorted(state.stores.get(store)?.entries() ?? [])
  const timers = [...state.timers.entries()].map(([key, at]) => [key.split('\u0000')[0] ?? '', at] as const)
  return [entries(TALLY.name), entries(ITEMS.name), entries(RANK.name), sorted(timers)].join('\n')
}

const header = (record: InputRecord, name: string): string => record.headers[name]?.toString() ?? ''

/** A letter says what it is about; one that names another partition than its own is wrong. */
function lineOf(topic: Fact['topic'], record: InputRecord): string {
  const { key, value, partition } = record
  const line = [String(key), text(value)]
  if (topic !== 'dlq' && topic !== 'late') return line.join('\t')
  const from = header(record, 'nikash-dlq-partition')
  line.push(header(record, 'nikash-dlq-code'), header(record, 'nikash-dlq-offset'))
  return [...line, ...(from === String(partition) ? [] : [`from partition ${from}`])].join('\t')
}

const lineOfFact = ({ key, value, offset, code }: Fact): string =>
  [key, text(value), ...(offset === undefined ? [] : [code, offset])].join('\t')

/** H2: what partition `from` sent to others is in their logs, once and in its order. */
function checkReroutes(history: History, from: number, sent: readonly Reroute[], found: string[]): void {
  for (const { partition, log } of history.partitions) {
    const seen = log.filter((record) => header(record, 'nikash-rerouted') === String(from))
    const right = sent.filter(({ to }) => to === partition).map(({ record }) => record)
    const line = ({ key, value }: InputRecord): string => `${String(key)}\t${text(value)}`
    compare(`reroutes from ${from} to ${partition}`, seen.map(line), right.map(line), found)
  }
}

function compare(what: string, seen: readonly string[], right: readonly string[], found: string[]): void {
  const at = right.findIndex((line, i) => line !== seen[i])
  if (at >= 0)
    found.push(`${what}: number ${at} is ${textual(seen[at] ?? 'missing')}, must be ${textual(right[at])}`)
  else if (seen.length > right.length)
    found.push(
      `${what}: ${seen.length} records, must be ${right.length}; first ${textual(seen[right.length])}`,
    )
}
