/**
 * The live half of the page: one subscription to `dashboard:TENANT` with the stock centrifuge client, merged into the
 * newest figures. The snapshot comes in the subscribe reply, deltas follow; what was missed while away is recovered by
 * the client, and where the server can't (recovered:false) it sends a snapshot again, which replaces everything.
 */
import { Centrifuge, type Subscription } from 'centrifuge'
import type { Kpi, Session } from './api.ts'

export type Connection = 'connecting' | 'live' | 'offline'

export interface LiveWindow {
  readonly meta: {
    readonly asOf: string
    readonly partial: boolean
    readonly currency: string
    readonly logTime: number
  }
  readonly measures: Readonly<Record<string, Kpi>>
}
export interface LiveAging {
  readonly asOf: string
  readonly currency: string
  readonly due: readonly string[]
  readonly posting: readonly string[]
  readonly unapplied: string
  readonly disputed: string
  readonly total: string
  readonly logTime: number
}
export interface LiveAlert {
  readonly ruleId: string
  readonly subject: string
  readonly severity: string
  readonly state: string
  readonly value: string
  readonly currency: string
  readonly message: string
  readonly recommendation: string
  readonly inputs: Readonly<Record<string, string>>
  readonly asOf: string
  readonly raisedAt: number
  readonly escalatedTo: string
}
export interface LiveFigures {
  readonly kpis: Readonly<Record<string, LiveWindow>>
  readonly aging?: LiveAging
  readonly payables?: LiveAging
  readonly alerts: Readonly<Record<string, LiveAlert>>
}

/** What snapshot and delta frames carry; absent = unchanged. */
interface Frame {
  readonly type?: string
  readonly kpis?: Readonly<Record<string, Partial<LiveWindow>>>
  readonly aging?: Readonly<Record<string, LiveAging | null>>
  readonly payables?: Readonly<Record<string, LiveAging | null>>
  readonly alerts?: Readonly<Record<string, LiveAlert | null>>
}

export const NOTHING: LiveFigures = { kpis: {}, alerts: {} }

/** Newer frame over older figures, measure by measure. */
export function merge(figures: LiveFigures, frame: Frame): LiveFigures {
  const kpis = { ...figures.kpis }
  for (const [name, window] of Object.entries(frame.kpis ?? {})) {
    const before = kpis[name]
    const meta = window.meta ?? before?.meta
    if (meta !== undefined) kpis[name] = { meta, measures: { ...before?.measures, ...window.measures } }
  }
  const totalOf = (side: 'aging' | 'payables') => {
    const total = frame[side]?.['total']
    return total === undefined ? figures[side] : (total ?? undefined)
  }
  const aging = totalOf('aging')
  const payables = totalOf('payables')
  const alerts = { ...figures.alerts }
  for (const [id, alert] of Object.entries(frame.alerts ?? {})) {
    if (alert === null) delete alerts[id]
    else alerts[id] = alert
  }
  return { kpis, alerts, ...(aging && { aging }), ...(payables && { payables }) }
}

export interface LiveHandlers {
  onConnection(connection: Connection): void
  onFigures(update: (before: LiveFigures) => LiveFigures): void
  /** The server refused the token. */
  onRefused(): void
  /** A fresh token, when the running one ends. */
  refresh(): Promise<string>
}

export function connect(session: Session, handlers: LiveHandlers): () => void {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const client = new Centrifuge(`${scheme}://${location.host}/connection/websocket`, {
    token: session.token,
    getToken: () => handlers.refresh(),
  })
  client.on('connecting', () => handlers.onConnection('connecting'))
  client.on('disconnected', (context) => {
    handlers.onConnection('offline')
    if (context.code === 3500 || context.code === 109) handlers.onRefused()
  })
  const subscription: Subscription = client.newSubscription(`dashboard:${session.tenant}`, {
    recoverable: true,
    positioned: true,
  })
  subscription.on('subscribed', (context) => {
    handlers.onConnection('live')
    const frame = context.data as Frame | undefined
    if (frame !== undefined && frame !== null && !context.recovered)
      handlers.onFigures(() => merge(NOTHING, frame))
  })
  subscription.on('subscribing', () => handlers.onConnection('connecting'))
  subscription.on('unsubscribed', () => handlers.onConnection('offline'))
  subscription.on('publication', (context) =>
    handlers.onFigures((before) => merge(before, context.data as Frame)),
  )
  subscription.subscribe()
  client.connect()
  return () => client.disconnect()
}
