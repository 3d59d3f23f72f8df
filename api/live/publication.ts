/**
 * What subscribers get: payloads, their frames in both protocols, and the merge for slow readers. Owns no I/O.
 * A publication is shared by all members of a channel, so a frame is turned into text once, not once per client.
 */
import type { Body, KpiWindow, Snapshot } from './feed.ts'

/** Version of the payload's shape; raised when a reader would have to change. */
const PAYLOAD_SCHEMA = 1

export interface Payload extends Body {
  /** state = the figures that were being filled in again are whole; carries nothing else and moves no offset. */
  readonly type: 'snapshot' | 'delta' | 'state'
  readonly schema: number
  readonly tenantId: string
  /** Newest log time of what the frame carries; null when it carries nothing. */
  readonly timestamp: string | null
  readonly asOf: string | null
  /** Not in a delta. */
  readonly state?: Snapshot['state']
  readonly customersOmitted?: true
  readonly vendorsOmitted?: true
  /** How many publications were merged into this one because the reader was slow; absent = none. */
  readonly coalesced?: number
}

export class Publication {
  readonly channel: string
  /** Absent = not a step of the stream. */
  readonly offset: number | undefined
  readonly payload: Payload
  private text: string | undefined
  private plain: Map<string, readonly string[]> | undefined

  constructor(channel: string, offset: number | undefined, payload: Payload) {
    this.channel = channel
    this.offset = offset
    this.payload = payload
  }

  /** The push of the Centrifugo protocol. */
  frame(): string {
    this.text ??= JSON.stringify({
      push: { channel: this.channel, pub: { data: this.payload, offset: this.offset } },
    })
    return this.text
  }

  /** The frames of the plain form for a reader of one window. */
  plainFrames(window: string): readonly string[] {
    this.plain ??= new Map()
    let frames = this.plain.get(window)
    if (frames === undefined) {
      frames = plainFramesOf(this.payload, window)
      this.plain.set(window, frames)
    }
    return frames
  }
}

/** The newest log time and day among what a body carries. */
function stampOf(body: Body): { timestamp: string | null; asOf: string | null } {
  let logTime = 0
  let asOf: string | null = null
  const metas = [
    ...Object.values(body.kpis ?? {}).map((window) => window.meta),
    ...Object.values(body.aging ?? {}),
    ...Object.values(body.payables ?? {}),
  ]
  for (const meta of metas) {
    if (meta === null || meta.logTime < logTime) continue
    logTime = meta.logTime
    asOf = meta.asOf
  }
  // The day of an alert is that on which it was raised.
  for (const alert of Object.values(body.alerts ?? {})) logTime = Math.max(logTime, alert?.logTime ?? 0)
  return { timestamp: logTime === 0 ? null : new Date(logTime).toISOString(), asOf }
}

/** A publication of the stream: it has an offset. */
export type Step = Publication & { readonly offset: number }

export const stepOf = (channel: string, offset: number, payload: Payload): Step =>
  new Publication(channel, offset, payload) as Step

export const snapshotPayload = (tenantId: string, snapshot: Snapshot, body: Body): Payload => ({
  type: 'snapshot',
  schema: PAYLOAD_SCHEMA,
  tenantId,
  ...stampOf(body),
  state: snapshot.state,
  ...(snapshot.customersOmitted && body.aging ? { customersOmitted: true as const } : {}),
  ...(snapshot.vendorsOmitted && body.payables ? { vendorsOmitted: true as const } : {}),
  ...body,
})

export const deltaPayload = (tenantId: string, body: Body): Payload => ({
  type: 'delta',
  schema: PAYLOAD_SCHEMA,
  tenantId,
  ...stampOf(body),
  ...body,
})

export const statePayload = (tenantId: string, state: Snapshot['state']): Payload => ({
  type: 'state',
  schema: PAYLOAD_SCHEMA,
  tenantId,
  timestamp: null,
  asOf: null,
  state,
})

function mergeKpis(older: Body['kpis'], newer: Body['kpis']): Body['kpis'] {
  if (!older || !newer) return newer ?? older
  const merged: Record<string, KpiWindow> = { ...older }
  for (const [name, window] of Object.entries(newer)) {
    merged[name] = { meta: window.meta, measures: { ...older[name]?.measures, ...window.measures } }
  }
  return merged
}

/** The newer publication over the older one of the same channel: keys of the newer win, the rest stays. */
export function merge(older: Publication, newer: Publication): Publication {
  const kpis = mergeKpis(older.payload.kpis, newer.payload.kpis)
  const over = <V>(was: Readonly<Record<string, V>> | undefined, is: typeof was) =>
    is ? { ...was, ...is } : was
  const aging = over(older.payload.aging, newer.payload.aging)
  const payables = over(older.payload.payables, newer.payload.payables)
  const alerts = over(older.payload.alerts, newer.payload.alerts)
  const { timestamp, asOf } = newer.payload
  const type = newer.payload.type === 'state' ? older.payload.type : newer.payload.type
  return new Publication(newer.channel, newer.offset ?? older.offset, {
    ...newer.payload,
    type,
    timestamp: timestamp ?? older.payload.timestamp,
    asOf: asOf ?? older.payload.asOf,
    ...(kpis ? { kpis } : {}),
    ...(aging ? { aging } : {}),
    ...(payables ? { payables } : {}),
    ...(alerts ? { alerts } : {}),
    coalesced: (older.payload.coalesced ?? 1) + (newer.payload.coalesced ?? 1),
  })
}

/** Keys that a publication holds: what bounds the merge. */
export const keyCount = ({ payload }: Publication): number =>
  Object.keys(payload.aging ?? {}).length +
  Object.keys(payload.payables ?? {}).length +
  Object.keys(payload.alerts ?? {}).length +
  Object.values(payload.kpis ?? {}).reduce((sum, window) => sum + Object.keys(window.measures).length, 0)

/**
 * `kpi:update` with the measures of one window, `aging:update` and `payables:update` with the slices, `alert` with the
 * alerts that changed.
 */
export function plainFramesOf(payload: Payload, window: string): readonly string[] {
  const frames: string[] = []
  const { timestamp, asOf, state } = payload
  if (payload.type === 'state') frames.push(JSON.stringify({ event: 'state', data: { timestamp, state } }))
  const kpis = payload.kpis?.[window]?.measures
  if (kpis && Object.keys(kpis).length > 0) {
    frames.push(JSON.stringify({ event: 'kpi:update', data: { timestamp, asOf, window, kpis } }))
  }
  if (payload.aging && Object.keys(payload.aging).length > 0) {
    frames.push(JSON.stringify({ event: 'aging:update', data: { timestamp, asOf, aging: payload.aging } }))
  }
  if (payload.payables && Object.keys(payload.payables).length > 0) {
    const { payables } = payload
    frames.push(JSON.stringify({ event: 'payables:update', data: { timestamp, asOf, payables } }))
  }
  if (payload.alerts && Object.keys(payload.alerts).length > 0) {
    frames.push(JSON.stringify({ event: 'alert', data: { timestamp, asOf, alerts: payload.alerts } }))
  }
  return frames
}
