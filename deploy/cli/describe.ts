/**
 * Owns `describe`: the flow of data as the code declares it, and, beside it, the tasks of a running stack. Refuses:
 * anything that only a comment knows, and waiting for a stack that is not there.
 */
import { buildTopologies } from '../../processors/topologies/index.ts'
import { CATALOGUE, TOPICS, type TopicSpec } from '../../schemas/topics.ts'
import { EXIT, type ExitCode } from '../local/errors.ts'
import type { DataOption } from './access.ts'
import { svgOf } from './describe-svg.ts'
import { print, printJson, table } from './output.ts'
import { bytesText, type LiveTasks, liveTasks, storeTotals, TASK_COLUMNS, taskRow } from './tasks.ts'

export type DescribeOptions = DataOption & {
  readonly format: 'text' | 'mermaid' | 'svg'
  readonly output?: 'json' | 'table'
}

type Flow = {
  readonly topics: readonly TopicSpec[]
  readonly topologies: ReadonlyArray<{
    readonly name: string
    readonly version: number
    readonly stores: ReadonlyArray<{
      readonly name: string
      readonly cells: number
      readonly codecVersion: number
    }>
  }>
  readonly edges: ReadonlyArray<readonly [from: string, to: string]>
}

/** Who reads and writes what; each line is an import or a subscription in the folder it names. */
const EDGES: Flow['edges'] = [
  ['command services', TOPICS.events],
  ['upstream services', TOPICS.events],
  ['clock', TOPICS.events],
  [TOPICS.events, 'processors'],
  ['processors', TOPICS.results],
  ['processors', TOPICS.history],
  ['processors', TOPICS.late],
  ['processors', TOPICS.checkpoints],
  ['processors', `${TOPICS.events}.dlq`],
  [TOPICS.results, 'sink redis'],
  [TOPICS.events, 'sink clickhouse'],
  [TOPICS.history, 'sink clickhouse'],
  ['sink redis', 'Redis'],
  ['sink clickhouse', 'ClickHouse'],
  ['Redis', 'api'],
  ['ClickHouse', 'api'],
]

const flowOf = (): Flow => ({
  topics: CATALOGUE,
  topologies: buildTopologies(() => Buffer.alloc(0)).map((topology) => ({
    name: topology.name,
    version: topology.version,
    stores: topology.stores.map(({ name, cells, codec }) => ({ name, cells, codecVersion: codec.version })),
  })),
  edges: EDGES,
})

const printText = (flow: Flow): void => {
  print('Topics')
  for (const topic of flow.topics) print(`  ${topic.name} (${topic.partitions} partitions): ${topic.doc}`)
  print('Topologies, in the order in which an event passes through them')
  for (const topology of flow.topologies) {
    print(`  ${topology.name}, version ${topology.version}`)
    for (const store of topology.stores) {
      print(`    store ${store.name}: ${store.cells} cells per partition, codec ${store.codecVersion}`)
    }
  }
  print('Flow')
  for (const [from, to] of flow.edges) print(`  ${from} -> ${to}`)
}

const printMermaid = (flow: Flow): void => {
  const ids = new Map<string, string>()
  const idOf = (name: string): string => {
    const known = ids.get(name) ?? `n${ids.size}`
    ids.set(name, known)
    return known
  }
  const topics = new Set(flow.topics.map((topic) => topic.name))
  const shape = (name: string): string =>
    topics.has(name) ? `${idOf(name)}[(${name})]` : `${idOf(name)}["${name}"]`
  print('flowchart LR')
  for (const [from, to] of flow.edges) print(`  ${shape(from)} --> ${shape(to)}`)
  print('  subgraph inside["inside the processors"]')
  for (const topology of flow.topologies) print(`    ${shape(topology.name)}`)
  for (const [index, topology] of flow.topologies.entries()) {
    const next = flow.topologies[index + 1]
    if (next !== undefined) print(`    ${idOf(topology.name)} --> ${idOf(next.name)}`)
  }
  print('  end')
}

const printSvg = (flow: Flow): void => {
  const inside = flow.topologies.flatMap(({ name, version, stores }) => [
    `${name}, version ${version}`,
    `  ${stores.length} stores`,
  ])
  const round = new Set(flow.topics.map((topic) => topic.name))
  print(svgOf(flow.edges, { round, notes: new Map([['processors', inside]]) }))
}

const printTasks = ({ problem, process, tasks }: LiveTasks): void => {
  print('Tasks')
  if (problem !== null) print(`  ${problem}`)
  if (process !== null) print(`  group ${process.group}, reading ${process.topic}`)
  if (tasks.length === 0) return
  print(table([...TASK_COLUMNS], tasks.map(taskRow)))
  for (const { partition, error } of tasks) if (error !== null) print(`  task ${partition}: ${error}`)
  print('Stores, all tasks together; bytes as last checkpointed')
  const rows = storeTotals(tasks).map(({ name, entries, cells, dirtyCells, bytes }) => [
    name,
    entries === null ? '-' : String(entries),
    bytesText(bytes),
    String(cells),
    String(dirtyCells),
  ])
  print(table(['store', 'entries', 'stored', 'cells', 'dirty'], rows))
}

export const describe = async (options: DescribeOptions): Promise<ExitCode> => {
  const flow = flowOf()
  if (options.output === 'json') {
    const live = await liveTasks(options)
    printJson({ ...flow, live, storeTotals: storeTotals(live.tasks) })
  } else if (options.format === 'mermaid') printMermaid(flow)
  else if (options.format === 'svg') printSvg(flow)
  else {
    printText(flow)
    printTasks(await liveTasks(options))
  }
  return EXIT.fine
}
