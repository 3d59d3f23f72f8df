/**
 * Owns `replay`: today's topologies over the whole log into topics beside the live ones, and the comparison of both.
 * Refuses: touching the live results, its group or its checkpoints; and a name that could be anything but a shadow's.
 */
import { DEFAULT_GROUP } from '../../processors/runtime/options.ts'
import {
  runShadow,
  SHADOW_NAME,
  shadowGroup,
  shadowOf,
  shadowSpecs,
} from '../../processors/runtime/shadow.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import { RESULT_TYPES } from '../../schemas/generated/records.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack } from './access.ts'
import { type KafkaAccess, withKafka } from './kafka-access.ts'
import { duration, note, print, printJson } from './output.ts'
import { partitionsOf } from './records.ts'
import { type Comparison, compareTopic, historyIdentity, resultIdentity } from './shadow-compare.ts'
import { connectionOf } from './topic-setup.ts'

export type ReplayOptions = DataOption & {
  readonly name?: string
  readonly drop: boolean
  readonly output?: 'json' | 'table'
}

const DEFAULT_NAME = 'check'
const SHOWN_MAX = 20
const GONE_MS = 15_000
/** A shadow is one process without others to share with: large transactions, few of them. */
const SHADOW_OPTIONS = { busyIntervalMs: 500, commitIntervalMs: 100 }

const nameOf = (options: ReplayOptions): string => {
  const name = options.name ?? DEFAULT_NAME
  if (SHADOW_NAME.test(name)) return name
  const help = 'Use small letters, digits and dashes, at most 31.'
  throw new StackError('WRONG_USE', `"${name}" is no name of a shadow.`, help, { exitCode: EXIT.wrongUse })
}

const suffixOf = (name: string): string => shadowOf('', name)

/** Topics and group of a shadow, as far as they exist. */
const dropShadow = async (brokers: string, name: string): Promise<readonly string[]> => {
  const admin = connectionOf(brokers, 'nikash-replay').admin()
  await admin.connect()
  try {
    const gone = (await admin.listTopics()).filter((topic) => topic.endsWith(suffixOf(name)))
    if (gone.length > 0) await admin.deleteTopics({ topics: gone })
    const group = shadowGroup(DEFAULT_GROUP, name)
    const { groups } = await admin.listGroups()
    if (groups.some(({ groupId }) => groupId === group)) await admin.deleteGroups([group])
    const deadline = Date.now() + GONE_MS
    while ((await admin.listTopics()).some((topic) => gone.includes(topic)) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 200))
    return gone
  } finally {
    await admin.disconnect()
  }
}

const liveEpoch = async ({ port }: KafkaAccess, partitions: readonly number[]): Promise<number> => {
  const { storedTasks } = await import('./tasks.ts')
  const tasks = await storedTasks(port, await port.admin(), DEFAULT_GROUP, (partition) =>
    partitions.includes(partition),
  )
  return Math.max(0, ...tasks.map(({ epoch }) => epoch ?? 0))
}

const runAndCompare = async (
  kafka: KafkaAccess,
  name: string,
  registry: string,
): Promise<{ readonly ends: ReadonlyMap<number, number>; readonly topics: Record<string, Comparison> }> => {
  const { port } = kafka
  const admin = await port.admin()
  const partitions = await partitionsOf(admin, TOPICS.events)
  await admin.createTopics(shadowSpecs(name, { topic: TOPICS.events, partitions: partitions.length }))
  const committed = await admin.committed(DEFAULT_GROUP, TOPICS.events, partitions)
  const bounds = await admin.bounds(TOPICS.events, partitions)
  const ends = new Map(
    partitions.map((partition, index) => [
      partition,
      Math.max(committed[index]?.offset ?? 0, bounds[index]?.low ?? 0),
    ]),
  )
  const codec = await RecordCodec.open(openRegistry(registry), RESULT_TYPES)
  let said = -1
  await runShadow({
    port,
    codec,
    topologies: buildTopologies((type, value) => codec.encode(type, value)),
    name,
    groupId: DEFAULT_GROUP,
    ends,
    epochMin: (await liveEpoch(kafka, partitions)) + 1,
    options: SHADOW_OPTIONS,
    onProgress: (done, total) => {
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total)
      if (percent > said) note(`folded ${done} of ${total} offsets (${percent} %)`)
      said = Math.max(said, percent)
    },
  })
  const parts = { port, codec, admin }
  const pair = (topic: string) => ({ live: topic, shadow: shadowOf(topic, name) })
  const topics = {
    [TOPICS.results]: await compareTopic(parts, pair(TOPICS.results), resultIdentity, ends),
    [TOPICS.history]: await compareTopic(parts, pair(TOPICS.history), historyIdentity, ends),
  }
  return { ends, topics }
}

const printComparison = (topic: string, comparison: Comparison): void => {
  const { equal, differing, movedOn, differences } = comparison
  const later = movedOn === 0 ? '' : `, ${movedOn} replaced since`
  print(`${topic}: ${equal} equal, ${differing} different${later}`)
  for (const { key, kind, fields } of differences.slice(0, SHOWN_MAX)) {
    const what = { differs: '', missing: 'the shadow has none', extra: 'the live run has none' }[kind]
    print(`  ${key} ${what}`.trimEnd())
    for (const { path, live, shadow } of fields)
      print(`    ${path}: live ${JSON.stringify(live)}, shadow ${JSON.stringify(shadow)}`)
  }
  if (differing > SHOWN_MAX) print(`  ... -o json lists more`)
}

export const replay = (options: ReplayOptions): Promise<ExitCode> => {
  const name = nameOf(options)
  const { urls } = openStack(options).context
  return withKafka(options, async (kafka) => {
    const dropped = await dropShadow(kafka.brokers, name)
    if (options.drop) {
      if (options.output === 'json') printJson({ name, dropped })
      else print(`Dropped ${dropped.length} topics of shadow ${name}.`)
      return EXIT.fine
    }
    const startedMs = Date.now()
    const { ends, topics } = await runAndCompare(kafka, name, urls.schemaRegistry)
    const seconds = (Date.now() - startedMs) / 1_000
    const differing = Object.values(topics).reduce((sum, one) => sum + one.differing, 0)
    if (options.output === 'json')
      printJson({ name, equal: differing === 0, seconds, ends: Object.fromEntries(ends), topics })
    else {
      for (const [topic, comparison] of Object.entries(topics)) printComparison(topic, comparison)
      print(
        `Shadow ${name} took ${duration(seconds * 1_000)}; its topics end in ${suffixOf(name)} ` +
          `(./nikash tail ${shadowOf(TOPICS.results, name)}), ./nikash replay ${name} --drop deletes them.`,
      )
    }
    return differing === 0 ? EXIT.fine : EXIT.finding
  })
}
