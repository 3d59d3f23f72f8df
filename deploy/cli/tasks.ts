/**
 * Owns what `describe` tells of the running tasks: asks the processors' admin port, and reads the checkpoints topic for
 * partitions whose task does not run there. Refuses: starting, joining or committing anything.
 */
import type { Admin, KafkaPort } from '../../platform/kafka/port.ts'
import { readCheckpoints } from '../../processors/runtime/checkpoint-sizes.ts'
import { DEFAULT_GROUP } from '../../processors/runtime/options.ts'
import { type ProcessReport, storedReport, type TaskReport } from '../../processors/runtime/report.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { messageOf } from '../local/errors.ts'
import { httpGet } from '../local/part.ts'
import { type DataOption, findStack } from './access.ts'
import { withKafka } from './kafka-access.ts'
import { lagOfGroups } from './lag.ts'
import { duration } from './output.ts'
import { partitionsOf } from './records.ts'

export type LiveTasks = {
  /** Why nothing, or less than usual, is known. */
  readonly problem: string | null
  readonly process: Omit<ProcessReport, 'tasks'> | null
  readonly tasks: readonly TaskReport[]
}

const ANSWER_MS = 12_000

const askProcessors = async (port: number): Promise<ProcessReport | string> => {
  try {
    const answer = await httpGet(port, '/tasks', ANSWER_MS)
    if (answer.status === 200) return JSON.parse(answer.body) as ProcessReport
    return `the processors answered ${answer.status}: ${answer.body.slice(0, 200)}`
  } catch (error) {
    return `the processors do not answer (${messageOf(error)})`
  }
}

/** From the topics alone: the last checkpoint, and how far the group is. */
export const storedTasks = async (
  port: KafkaPort,
  admin: Admin,
  group: string,
  wanted: (partition: number) => boolean,
): Promise<TaskReport[]> => {
  const partitions = (await partitionsOf(admin, TOPICS.events)).filter(wanted)
  if (partitions.length === 0) return []
  const committed = await admin.committed(group, TOPICS.events, partitions)
  const positions = partitions.map((partition, index) => ({
    partition,
    committed: committed[index]?.offset ?? -1,
  }))
  const groups = [{ group, state: '', topics: [{ topic: TOPICS.events, partitions: positions }] }]
  const [lag] = await lagOfGroups(port, admin, groups)
  return Promise.all(
    partitions.map(async (partition) => {
      const row = lag?.partitions.find((one) => one.partition === partition)
      const sizes = await readCheckpoints(port, admin, { group, topic: TOPICS.checkpoints, partition })
      const place = {
        committed: row?.committed ?? -1,
        end: row?.end ?? 0,
        lagRecords: row?.lag ?? 0,
        lagSeconds: row?.seconds ?? 0,
      }
      return storedReport(partition, sizes, place, Date.now())
    }),
  )
}

export const liveTasks = async (options: DataOption): Promise<LiveTasks> => {
  const none = (problem: string): LiveTasks => ({ problem, process: null, tasks: [] })
  const access = findStack(options)
  if (access === undefined || !access.running) return none('no stack is running: only what the code declares')
  const asked = await askProcessors(access.context.ports.admin.processors)
  const report = typeof asked === 'string' ? undefined : asked
  const here = new Set(report?.tasks.map(({ partition }) => partition))
  const group = report?.group ?? DEFAULT_GROUP
  try {
    const stored = await withKafka(options, async ({ port }) =>
      storedTasks(port, await port.admin(), group, (partition) => !here.has(partition)),
    )
    const tasks = [...(report?.tasks ?? []), ...stored].sort((a, b) => a.partition - b.partition)
    if (report === undefined) return { problem: asked as string, process: null, tasks }
    const { tasks: _tasks, ...process } = report
    return { problem: null, process, tasks }
  } catch (error) {
    const problem = `Kafka does not answer (${messageOf(error)})`
    if (report === undefined) return none(`${asked as string}; ${problem}`)
    const { tasks, ...process } = report
    return { problem, process, tasks }
  }
}

export const bytesText = (bytes: number): string =>
  bytes < 1_024
    ? `${bytes} B`
    : bytes < 1_024 ** 2
      ? `${(bytes / 1_024).toFixed(1)} KiB`
      : `${(bytes / 1_024 ** 2).toFixed(1)} MiB`

const numberText = (value: number | null): string => (value === null ? '-' : String(value))

const secondsText = (seconds: number | null): string =>
  seconds === null || seconds === 0
    ? '-'
    : seconds < 10
      ? `${seconds.toFixed(1)}s`
      : duration(seconds * 1_000)

export const TASK_COLUMNS = [
  'task',
  'state',
  'position',
  'committed',
  'behind',
  'for',
  'entries',
  'stored',
  'cells',
  'dirty',
  'timers',
  'ids',
  'epoch',
  'log time',
  'checkpoint',
] as const

const checkpointText = ({ checkpoint }: TaskReport): string => {
  if (checkpoint === null) return 'none'
  const { offset, ageSeconds, behind, written } = checkpoint
  const wrote =
    written === null
      ? ''
      : `; ${written.cells} cells, ${bytesText(written.bytes)} in ${written.seconds.toFixed(3)} s`
  return `@${offset} ${secondsText(ageSeconds)} ago, ${behind} to fold again${wrote}`
}

export const taskRow = (task: TaskReport): string[] => [
  String(task.partition),
  task.state,
  numberText(task.position),
  String(task.committed),
  numberText(task.lagRecords),
  secondsText(task.lagSeconds),
  numberText(task.entries),
  bytesText(task.bytes),
  String(task.cells),
  numberText(task.dirtyCells),
  numberText(task.timers),
  numberText(task.ids),
  numberText(task.epoch),
  task.logTime ?? '-',
  checkpointText(task),
]

export type StoreTotal = {
  readonly name: string
  readonly entries: number | null
  readonly cells: number
  readonly dirtyCells: number
  readonly bytes: number
}

/** Over all tasks, in the order in which the first one lists them. */
export const storeTotals = (tasks: readonly TaskReport[]): StoreTotal[] => {
  const totals = new Map<string, StoreTotal>()
  for (const { stores } of tasks) {
    for (const { name, entries, cells, dirtyCells, bytes } of stores) {
      const sum = totals.get(name)
      totals.set(name, {
        name,
        entries:
          sum === undefined || sum.entries === null || entries === null ? entries : sum.entries + entries,
        cells: cells + (sum?.cells ?? 0),
        dirtyCells: (dirtyCells ?? 0) + (sum?.dirtyCells ?? 0),
        bytes: bytes + (sum?.bytes ?? 0),
      })
    }
  }
  return [...totals.values()]
}
