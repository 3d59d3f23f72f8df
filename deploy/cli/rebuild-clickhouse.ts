/**
 * Owns `rebuild clickhouse`: the tables made anew from the log beside the live ones, then exchanged, while reads go on.
 * sinks/clickhouse/rebuild has the steps. Refuses: a sink of another stack in the groups; keeping the sink of this one down.
 */
import type { KafkaPort } from '../../platform/kafka/port.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { openStore, type Store } from '../../sinks/clickhouse/client.ts'
import { TopicEpochs } from '../../sinks/clickhouse/epochs.ts'
import type { Compared } from '../../sinks/clickhouse/rebuild/compare.ts'
import { type StepName, StoreRebuildError } from '../../sinks/clickhouse/rebuild/errors.ts'
import { Places } from '../../sinks/clickhouse/rebuild/places.ts'
import {
  planRebuild,
  rebuildClickHouse,
  type RebuildParts,
  type RebuildPlan,
} from '../../sinks/clickhouse/rebuild/rebuild.ts'
import { sinkMetrics } from '../../sinks/runtime/metrics.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { whileHeld } from '../local/hold.ts'
import { openStack } from './access.ts'
import { type KafkaAccess, withKafka } from './kafka-access.ts'
import { duration, note, print, printJson, table } from './output.ts'
import { progressNotes } from './progress.ts'
import { type RebuildOptions, refuseOthers } from './rebuild.ts'

const PART = 'sink-clickhouse'
/** Carrying rows over, and dropping what a long query still reads. */
const STATEMENT_MS = 600_000

const SAID: Readonly<Record<StepName, string>> = {
  begin: '1 begin: shadow tables',
  fill: '2 fill: from the log, beside the live tables',
  compare: 'compare: what only one side has',
  hold: '4 hold: the sink is stopped; reads go on',
  tail: '5 tail: up to where the sink stands',
  exchange: '7 exchange: a table changes places with the live one',
  letgo: '8 let go: the sink goes on',
  drop: '9 drop: the old tables',
}

const partsOf = async (
  { port, codec }: Pick<KafkaAccess, 'codec'> & { readonly port: KafkaPort },
  store: Store,
): Promise<{ parts: RebuildParts; close: () => Promise<void> }> => {
  const admin = await port.admin()
  const [described] = await admin.describeTopics([TOPICS.events])
  const partitions = described?.partitions ?? PARTITIONS
  const parts: RebuildParts = {
    kafka: port,
    codec,
    store,
    metrics: sinkMetrics(createMetrics('nikash-cli')),
    epochs: new TopicEpochs(store, admin),
    topics: TOPICS,
    partitions,
    places: new Places({ admin, store, topics: TOPICS, partitions }),
  }
  return { parts, close: () => admin.close() }
}

const printPlan = ({ unfinished, topics }: RebuildPlan): void => {
  const rows = topics.map(({ topic, records, carried }) => [
    topic,
    String(records),
    carried ? 'taken over from the live table' : '',
  ])
  print(table(['topic', 'records to read', 'what it no longer has'], rows))
  if (unfinished) print('A rebuild was broken off: the next one goes on with it (--anew: begins again).')
  print('Nothing was changed (--dry-run).')
}

const printTables = (tables: readonly Compared[]): void => {
  const rows = tables.map((one) =>
    [one.table, one.before, one.after, one.missing, one.doubled, one.unknown].map(String),
  )
  print(table(['table', 'rows before', 'rows after', 'were missing', 'were twice', 'left out'], rows))
}

export const rebuildClickHouseStore = (options: RebuildOptions): Promise<ExitCode> => {
  const access = openStack(options)
  const { urls, secrets } = access.context
  return withKafka(options, async (kafka) => {
    const store = openStore({
      url: urls.clickhouse,
      username: 'nikash_writer',
      password: secrets.clickhouseWriter,
      timeoutMs: STATEMENT_MS,
    })
    const { parts, close } = await partsOf(kafka, store)
    const others = async (ours: number): Promise<void> => {
      for (const group of parts.places.groups) await refuseOthers(kafka.brokers, ours, group)
    }
    // A stack of stores only has no sink that could be held.
    const part = access.state.parts.find((one) => one.name === PART)
    const hold = <T>(work: () => Promise<T>): Promise<T> => {
      const alone = async (): Promise<T> => {
        await others(0)
        return work()
      }
      return part === undefined ? alone() : whileHeld(access.layout, PART, alone)
    }
    try {
      if (options.dryRun) {
        const plan = await planRebuild(parts)
        if (options.output === 'json') printJson({ dryRun: true, ...plan })
        else printPlan(plan)
        return EXIT.fine
      }
      await others(part?.pid == null ? 0 : 1)
      const startedMs = Date.now()
      const progress = progressNotes('records')
      const report = await rebuildClickHouse({
        parts,
        hold,
        dropUnknown: options.dropUnknown,
        anew: options.anew,
        onStep: (step) => note(SAID[step]),
        onProgress: ({ done, remaining }) => progress(done, remaining),
      })
      const seconds = (Date.now() - startedMs) / 1_000
      if (options.output === 'json') printJson({ dryRun: false, seconds, ...report })
      else {
        if (report.resumed) print('A rebuild that was broken off was gone on with.')
        if (report.tables.length > 0) printTables(report.tables)
        const rate = Math.round(report.records / Math.max(0.001, report.fillMs / 1_000))
        print(
          `Rebuilt in ${duration(seconds * 1_000)}: ${report.records} records, ${rate}/s while filling; the sink stood still for ${duration(report.heldMs)}.`,
        )
      }
      return EXIT.fine
    } catch (error) {
      if (!(error instanceof StoreRebuildError)) throw error
      throw new StackError(error.code.toUpperCase(), error.message, error.help, {
        exitCode: EXIT.finding,
        cause: error,
      })
    } finally {
      await close()
      await store.close()
    }
  })
}
