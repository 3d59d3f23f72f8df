/**
 * Owns `rebuild` and, of what it can make anew, the processors (rebuild-clickhouse.ts, rebuild-redis.ts have the stores): the state of the processors is forgotten and folded anew from the log, in the next epoch.
 * Refuses: touching anything while another member is in the group, and leaving the processors stopped.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_GROUP } from '../../processors/runtime/options.ts'
import type { ProcessReport } from '../../processors/runtime/report.ts'
import { type ResetReport, resetProcessors } from '../../processors/runtime/reset.ts'
import { runtimeTopics } from '../../processors/runtime/topics.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import { EXIT, type ExitCode, messageOf, StackError } from '../local/errors.ts'
import { whileHeld } from '../local/hold.ts'
import { httpGet } from '../local/part.ts'
import { type DataOption, openStack, type StackAccess } from './access.ts'
import { type KafkaAccess, withKafka } from './kafka-access.ts'
import { duration, note, print, printJson, table } from './output.ts'
import { bytesText } from './tasks.ts'
import { connectionOf } from './topic-setup.ts'

export type RebuildOptions = DataOption & {
  readonly what: 'processors' | 'clickhouse' | 'redis'
  readonly dryRun: boolean
  readonly quiet: boolean
  readonly anew: boolean
  readonly dropUnknown: boolean
  readonly output?: 'json' | 'table'
}

const PART = 'processors'
const LOOK_EVERY_MS = 1_000
const LEAVE_MS = 20_000
const SILENT_MS = 120_000
/** A quiet rebuild writes all state in its first transaction, which must be through within seconds. */
const QUIET_BYTES_MAX = 64 * 1024 ** 2

const membersOf = async (brokers: string, group: string): Promise<readonly string[]> => {
  const admin = connectionOf(brokers, 'nikash-rebuild').admin()
  await admin.connect()
  try {
    const [described] = (await admin.describeGroups([group])).groups
    return (described?.members ?? []).map(({ clientId, clientHost }) => `${clientId} at ${clientHost}`)
  } finally {
    await admin.disconnect()
  }
}

const refused = (code: string, message: string, help: string): StackError =>
  new StackError(code, message, help, { exitCode: EXIT.finding })

/** A member that stopped is listed until its session is over. */
export const refuseOthers = async (brokers: string, ours: number, group = DEFAULT_GROUP): Promise<void> => {
  const deadline = Date.now() + LEAVE_MS
  let members = await membersOf(brokers, group)
  while (members.length > ours && Date.now() < deadline) {
    await sleep(LOOK_EVERY_MS)
    members = await membersOf(brokers, group)
  }
  if (members.length <= ours) return
  throw refused(
    'GROUP_IN_USE',
    `Group ${group} has ${members.length} members, ${ours} of this stack: ${members.join(', ')}.`,
    'Stop the other processes of this group first; nothing was changed.',
  )
}

const refuseLoudState = (plan: readonly ResetReport[]): void => {
  const changed = plan.find(({ changedFrom }) => changedFrom !== undefined)
  const bytes = plan.reduce((sum, one) => sum + one.bytes, 0)
  const why =
    changed !== undefined
      ? `the state was written by other topologies [${changed.changedFrom}], whose history and refusals may differ`
      : bytes > QUIET_BYTES_MAX
        ? `${bytesText(bytes)} of state do not fit into the one transaction of a quiet rebuild (${bytesText(QUIET_BYTES_MAX)})`
        : undefined
  if (why === undefined) return
  throw refused('NOT_QUIETLY', `Not quietly: ${why}.`, 'Run it without --quiet; nothing was changed.')
}

const resetOptionsOf = ({ port }: KafkaAccess, quiet: boolean) => ({
  port,
  groupId: DEFAULT_GROUP,
  topics: runtimeTopics(),
  topologies: buildTopologies(() => Buffer.alloc(0)),
  quiet,
})

const printPlan = (plan: readonly ResetReport[]): void => {
  const rows = plan.map(({ partition, epoch, from, records, keys, bytes }) =>
    [partition, epoch, from, records, keys, bytesText(bytes)].map(String),
  )
  print(table(['partition', 'new epoch', 'from', 'records', 'keys forgotten', 'state'], rows))
}

const reportOf = async (access: StackAccess): Promise<ProcessReport | undefined> => {
  try {
    const answer = await httpGet(access.context.ports.admin.processors, '/tasks', 10_000)
    return answer.status === 200 ? (JSON.parse(answer.body) as ProcessReport) : undefined
  } catch {
    // Starting, or busy: asked again.
    return undefined
  }
}

/** True when every partition is at least as far as the log was when the processors started again. */
const follow = async (access: StackAccess, ends: ReadonlyMap<number, number>): Promise<void> => {
  const total = [...ends.values()].reduce((sum, end) => sum + end, 0)
  let said = -1
  let heardMs = Date.now()
  for (;;) {
    const report = await reportOf(access)
    if (report !== undefined) heardMs = Date.now()
    else if (Date.now() - heardMs > SILENT_MS)
      throw new StackError(
        'NO_ANSWER',
        `The processors have not answered for ${SILENT_MS / 1_000} s.`,
        'See ./nikash status and ./nikash logs processors; the log is folded when they run again.',
      )
    const tasks = report?.tasks ?? []
    const failed = tasks.find(({ state }) => state === 'failed')
    if (failed !== undefined)
      throw refused(
        'TASK_FAILED',
        `Task ${failed.partition} stopped: ${failed.error ?? 'no reason'}`,
        'See ./nikash logs processors.',
      )
    const at = new Map(tasks.map((task) => [task.partition, task.state === 'running' ? task.committed : 0]))
    const done = [...ends].reduce((sum, [partition, end]) => sum + Math.min(end, at.get(partition) ?? 0), 0)
    const behind = [...ends].some(([partition, end]) => {
      const task = tasks.find((one) => one.partition === partition)
      return task?.state !== 'running' || (task.committed < end && task.lagRecords !== 0)
    })
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total)
    if (percent !== said) note(`folded ${done} of ${total} offsets (${percent} %)`)
    said = percent
    if (!behind) return
    await sleep(LOOK_EVERY_MS)
  }
}

const endsNow = async (
  { port }: KafkaAccess,
  partitions: readonly number[],
): Promise<Map<number, number>> => {
  const bounds = await (await port.admin()).bounds(runtimeTopics().events, partitions)
  return new Map(partitions.map((partition, index) => [partition, bounds[index]?.high ?? 0]))
}

const only: Readonly<Record<RebuildOptions['what'], readonly string[]>> = {
  processors: ['quiet'],
  clickhouse: ['anew', 'dropUnknown'],
  redis: ['anew'],
}

export const rebuild = async (options: RebuildOptions): Promise<ExitCode> => {
  const given = { quiet: options.quiet, anew: options.anew, dropUnknown: options.dropUnknown }
  const foreign = Object.entries(given).find(([name, on]) => on && !only[options.what].includes(name))
  if (foreign !== undefined)
    throw new StackError(
      'NOT_FOR_THIS',
      `--${foreign[0].replace('U', '-u')} is not for ${options.what}.`,
      './nikash rebuild --help',
      { exitCode: EXIT.wrongUse },
    )
  if (options.what === 'processors') return rebuildProcessors(options)
  if (options.what === 'redis') return (await import('./rebuild-redis.ts')).rebuildRedisStore(options)
  return (await import('./rebuild-clickhouse.ts')).rebuildClickHouseStore(options)
}

const rebuildProcessors = (options: RebuildOptions): Promise<ExitCode> => {
  const access = openStack(options)
  return withKafka(options, async (kafka) => {
    const part = access.state.parts.find((one) => one.name === PART)
    await refuseOthers(kafka.brokers, part?.pid == null ? 0 : 1)
    const dry = await resetProcessors({ ...resetOptionsOf(kafka, options.quiet), dryRun: true })
    if (options.quiet) refuseLoudState(dry)
    if (options.dryRun) {
      if (options.output === 'json') printJson({ dryRun: true, quiet: options.quiet, partitions: dry })
      else {
        printPlan(dry)
        print('Nothing was changed (--dry-run).')
      }
      return EXIT.fine
    }
    const startedMs = Date.now()
    const reset = async (): Promise<readonly ResetReport[]> => {
      await refuseOthers(kafka.brokers, 0)
      try {
        return await resetProcessors(resetOptionsOf(kafka, options.quiet))
      } catch (cause) {
        throw new StackError(
          'RESET_FAILED',
          `The state could not be reset: ${messageOf(cause)}`,
          'Where the processors refuse to start from it (checkpoint_ahead), run this verb again.',
          { cause },
        )
      }
    }
    if (part === undefined) {
      // A stack of stores only: there is nothing to stop, and nothing to follow.
      printPlan(await reset())
      print('The processors fold the log when they are started: ./nikash up')
      return EXIT.fine
    }
    note('stopping the processors; reads go on')
    const plan = await whileHeld(access.layout, PART, reset)
    const ends = await endsNow(
      kafka,
      plan.map(({ partition }) => partition),
    )
    await follow(access, ends)
    const tookMs = Date.now() - startedMs
    if (options.output === 'json')
      printJson({ dryRun: false, quiet: options.quiet, seconds: tookMs / 1_000, partitions: plan })
    else {
      printPlan(plan)
      print(`Rebuilt in ${duration(tookMs)}; the sinks follow (./nikash lag).`)
    }
    return EXIT.fine
  })
}
