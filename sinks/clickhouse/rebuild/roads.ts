/**
 * The ways from the log into the tables, as a rebuild goes them: one per partition of each topic that a sink of ClickHouse
 * reads. Owns which table comes from which topic and by what a row is known there. Refuses: reading or writing anything.
 */
import { dlqOf } from '../../../schemas/topics.ts'
import { DATABASE, type TenantTable } from '../contract.ts'
import type { Topics } from '../sink.ts'

/** While it is filled a table is here, and nobody reads it; after the switch the old one is. */
export const SHADOW = 'finance_rebuild'
export const LIVE = DATABASE

export type Stage = 'refusals' | 'facts' | 'history'

export interface Road {
  readonly stage: Stage
  readonly topic: string
  readonly partition: number
}

export const roadKey = ({ topic, partition }: Pick<Road, 'topic' | 'partition'>): string =>
  `${topic}-${partition}`

/** What the processor refused comes first: the facts are judged with it. */
export const topicsOf = (topics: Topics): readonly { stage: Stage; topic: string }[] => [
  { stage: 'refusals', topic: dlqOf(topics.events) },
  { stage: 'refusals', topic: topics.late },
  { stage: 'facts', topic: topics.events },
  { stage: 'history', topic: topics.history },
  { stage: 'history', topic: topics.alerts },
]

export interface TableOfRoad {
  readonly table: TenantTable
  /** Offset of the record that a row comes from. */
  readonly offset: string
  /** Condition on the rows that come by this road. */
  readonly rows: string
  /** What no two rows of one record share. */
  readonly part: string
}

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

export function tablesOf({ stage, topic, partition }: Road, topics: Topics): readonly TableOfRoad[] {
  const rows = `_partition = ${partition}`
  if (stage === 'facts') return [{ table: 'event_log', offset: '_offset', rows, part: '_epoch' }]
  if (stage === 'refusals') {
    const of = `letter_topic = ${quoted(topic)} AND ${rows}`
    return [{ table: 'refused_events', offset: 'letter_offset', rows: of, part: '_epoch' }]
  }
  if (topic === topics.alerts) return [{ table: 'alert_log', offset: '_offset', rows, part: '_epoch' }]
  return [
    { table: 'kpi_points', offset: '_offset', rows, part: '_epoch, measure, window' },
    { table: 'aging_points', offset: '_offset', rows, part: '_epoch' },
  ]
}
