/**
 * Owns laying what a shadow wrote beside what the live processors wrote, partition by partition: for each key of the
 * results the newest value before the end, for the history each fact by what it is about. Refuses: comparing what names
 * the run and not the figure (epoch, revision of a cut, log time).
 */
import type { Admin, InputRecord, KafkaPort } from '../../platform/kafka/port.ts'
import type { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { type Json, jsonOf } from '../../schemas/codec/json.ts'

export type Difference = {
  readonly partition: number
  readonly topic: string
  readonly key: string
  readonly kind: 'differs' | 'missing' | 'extra'
  /** Paths of values that differ, with both sides; empty where one side has nothing. */
  readonly fields: ReadonlyArray<{ readonly path: string; readonly live: Json; readonly shadow: Json }>
}

export type Comparison = {
  readonly equal: number
  /** Live values that were replaced after the end, so that the one before it is gone. */
  readonly movedOn: number
  readonly differences: readonly Difference[]
  readonly differing: number
}

/** Listed at most; all are counted. */
const LISTED_MAX = 1_000
const FIELDS_MAX = 5
const RUN_FIELDS: ReadonlySet<string> = new Set(['epoch', 'revision', 'logTime'])

type Entry = { readonly revision: number; readonly data: Json }
export type Identity = (key: string, type: string, data: Readonly<Record<string, Json>>) => string

/** One value per key: the newest one counts. */
export const resultIdentity: Identity = (key) => key

/** Facts that are written once: the instant of log time at which it was stated, and what it is about. */
export const historyIdentity: Identity = (key, type, { logTime, family, slice, kind, asOf }) =>
  JSON.stringify([key, type, family ?? '', slice ?? '', kind ?? '', asOf ?? '', logTime ?? ''])

const plain = (data: Readonly<Record<string, Json>>): Json =>
  Object.fromEntries(Object.entries(data).filter(([name]) => !RUN_FIELDS.has(name)))

const entriesOf = async (
  parts: { readonly port: KafkaPort; readonly codec: RecordCodec; readonly admin: Admin },
  place: { readonly topic: string; readonly partition: number },
  identity: Identity,
  end: number,
): Promise<{ readonly entries: Map<string, Entry>; readonly later: Set<string> }> => {
  const { port, codec, admin } = parts
  const [bounds] = await admin.bounds(place.topic, [place.partition])
  const entries = new Map<string, Entry>()
  const later = new Set<string>()
  const take = async ({ key, value }: InputRecord): Promise<void> => {
    const name = key?.toString('utf8') ?? ''
    if (value === null) return void entries.delete(name)
    const wanted = codec.wants(value)
    if (wanted !== undefined) await codec.prepare(wanted)
    const decoded = codec.decode(value)
    if (!decoded.ok) throw new Error(`${place.topic}-${place.partition}, key ${name}: ${decoded.message}`)
    const data = jsonOf(decoded.type, decoded.data as never) as Readonly<Record<string, Json>>
    const revision = Number(data['revision'])
    const id = identity(name, decoded.type, data)
    if (revision >= end) later.add(id)
    else entries.set(id, { revision, data: plain(data) })
  }
  for await (const batch of port.readPartition({ ...place, from: bounds?.low ?? 0 }))
    for (const record of batch.records) await take(record)
  return { entries, later }
}

type Field = Difference['fields'][number]

const fieldsOf = (live: Json, shadow: Json, path: string, found: Field[]): void => {
  if (found.length >= FIELDS_MAX || JSON.stringify(live) === JSON.stringify(shadow)) return
  const both = [live, shadow]
  if (both.every((side) => typeof side === 'object' && side !== null)) {
    const [a, b] = both as unknown as readonly [Record<string, Json>, Record<string, Json>]
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
      fieldsOf(a[name] ?? null, b[name] ?? null, path === '' ? name : `${path}.${name}`, found)
    return
  }
  found.push({ path, live, shadow })
}

export const differencesOf = (live: Json, shadow: Json): readonly Field[] => {
  const found: Field[] = []
  fieldsOf(live, shadow, '', found)
  return found
}

/** Both sides of one topic, up to the end of each partition. */
export const compareTopic = async (
  parts: { readonly port: KafkaPort; readonly codec: RecordCodec; readonly admin: Admin },
  topics: { readonly live: string; readonly shadow: string },
  identity: Identity,
  ends: ReadonlyMap<number, number>,
): Promise<Comparison> => {
  let [equal, movedOn, differing] = [0, 0, 0]
  const differences: Difference[] = []
  const add = (difference: Difference): void => {
    differing++
    if (differences.length < LISTED_MAX) differences.push(difference)
  }
  for (const [partition, end] of ends) {
    const live = await entriesOf(parts, { topic: topics.live, partition }, identity, end)
    const shadow = await entriesOf(parts, { topic: topics.shadow, partition }, identity, end)
    const place = { partition, topic: topics.live }
    for (const [key, { data }] of live.entries) {
      const other = shadow.entries.get(key)
      if (other === undefined) {
        add({ ...place, key, kind: 'missing', fields: [] })
        continue
      }
      const fields = differencesOf(data, other.data)
      if (fields.length === 0) equal++
      else add({ ...place, key, kind: 'differs', fields })
    }
    for (const key of shadow.entries.keys()) {
      if (live.entries.has(key)) continue
      if (live.later.has(key)) movedOn++
      else add({ ...place, key, kind: 'extra', fields: [] })
    }
  }
  return { equal, movedOn, differences, differing }
}
