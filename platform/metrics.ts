/**
 * Metrics in the Prometheus format, one registry a process, served by lifecycle.ts on ADMIN_PORT.
 * N1: names are `nikash_AREA_WHAT_UNIT`, counters end in `_total`, times are `_seconds`; a name that breaks this throws.
 * N2: labels have few values (topic, partition, code): never ids of tenants or documents.
 *
 *   const metrics = createMetrics('processors')
 *   const applied = metrics.counter('task_events_total', 'Events applied.', ['partition'])
 *   applied.inc({ partition: '3' }, 17)
 *   metrics.gauge('task_lag_records', 'Records behind.', ['partition'], (g) => g.set({ partition: '3' }, lag()))
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'

export interface Metrics {
  readonly registry: Registry
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>
  /** `collect` runs at each scrape, to set values that are cheap to read then. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    collect?: (gauge: Gauge<L>) => void,
  ): Gauge<L>
  histogram<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>
}

const PREFIX = 'nikash_'
/** Seconds, from half a millisecond to half a minute. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Where an event is when its age is taken. */
export type PipelineStage = 'outbox' | 'kafka' | 'processor' | 'redis' | 'clickhouse' | 'audit' | 'ws'

/**
 * Age of data along the way, one metric for all processes: outbox = from the command's commit until Kafka has it; then,
 * each from the append to the log: kafka = until a processor has it, processor = until its results are visible,
 * redis, clickhouse and audit = until it is in the store, ws = until the figures made of it are sent to a socket.
 */
export const PIPELINE_AGE = {
  name: 'pipeline_event_age_seconds',
  help: 'Age of the data at a stage of the pipeline.',
  labels: ['stage'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
} as const

export const pipelineAge = (metrics: Metrics): ((stage: PipelineStage, seconds: number) => void) => {
  const { name, help, labels, buckets } = PIPELINE_AGE
  const age = metrics.histogram(name, help, labels, buckets)
  return (stage, seconds) => age.observe({ stage }, Math.max(0, seconds))
}

function checked(name: string, kind: 'counter' | 'gauge' | 'histogram'): string {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name))
    throw new Error(`metric name ${name}: write area_what_unit`)
  if (name.startsWith(PREFIX)) throw new Error(`metric name ${name}: the prefix is added here`)
  if ((kind === 'counter') !== name.endsWith('_total')) {
    throw new Error(`metric name ${name}: counters, and they alone, end in _total`)
  }
  return PREFIX + name
}

export function createMetrics(service: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    counter: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      new Counter<L>({ name: checked(name, 'counter'), help, labelNames: [...labels], registers }),
    gauge: <L extends string>(
      name: string,
      help: string,
      labels: readonly L[] = [],
      collect?: (gauge: Gauge<L>) => void,
    ) => {
      const gauge: Gauge<L> = new Gauge<L>({
        name: checked(name, 'gauge'),
        help,
        labelNames: [...labels],
        registers,
        ...(collect ? { collect: () => collect(gauge) } : {}),
      })
      return gauge
    },
    histogram: <L extends string>(name: string, help: string, labels: readonly L[] = [], buckets = SECONDS) =>
      new Histogram<L>({
        name: checked(name, 'histogram'),
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers,
      }),
  }
}
