/**
 * One connection of the plain form: `{"join":"tenant:ID","token":"...","window":"30d"}` in, frames
 * `{"event":"kpi:update","data":{"timestamp","kpis"}}` and `aging:update` out. For people with a terminal and for
 * clients that know no protocol. A later message `{"token":"..."}` refreshes the token; `{}` is answered with `{}`.
 * Owns its own rejoin: when figures can't go on it says `stale` and sends a fresh state as soon as there is one.
 */
import { z } from 'zod'
import { type Principal, TokenError, type Verify } from '../auth/token.ts'
import type { Channel } from './channels.ts'
import { CLOSE, type CloseCode } from './close-codes.ts'
import type { Hub, Joined } from './hub.ts'
import type { Outlet } from './outlet.ts'
import { Publication, plainFramesOf } from './publication.ts'
import type { SessionLimits } from './session.ts'

const REJOIN_MS_MIN = 500
const REJOIN_MS_MAX = 10_000
export const PLAIN_WINDOWS = ['30d', '90d', '365d', 'mtd', 'qtd', 'fy'] as const

const messageSchema = z
  .object({
    join: z.string().max(100).optional(),
    token: z.string().max(4_096).optional(),
    window: z.enum(PLAIN_WINDOWS).optional(),
  })
  .strict()

export interface PlainOptions {
  readonly outlet: Outlet
  readonly hub: Hub
  readonly verify: Verify
  readonly now: () => number
  readonly limits: SessionLimits
  readonly admit: (principal: Principal) => boolean
  /** A WebSocket ping frame; the pong arrives through `pong`. */
  readonly ping: () => void
}

export class PlainSession {
  /** The window whose KPIs the frames show. */
  window: string = '30d'
  private readonly options: PlainOptions
  private readonly openedAt: number
  private principal: Principal | undefined
  private joined: Joined | undefined
  private busy = false
  private rejoinAt: number | undefined
  private rejoinMs = REJOIN_MS_MIN
  private messages = 0
  private pingedAt: number
  private awaitingPong = false
  private over = false

  constructor(options: PlainOptions) {
    this.options = options
    this.openedAt = options.now()
    this.pingedAt = this.openedAt
  }

  get user(): Principal | undefined {
    return this.principal
  }

  receive(text: string): void {
    if (this.over) return
    if (++this.messages > this.options.limits.commandsPerSecondMax) return this.close(CLOSE.tooManyRequests)
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return this.close(CLOSE.badRequest)
    }
    const message = messageSchema.safeParse(value)
    if (!message.success) return this.close(CLOSE.badRequest)
    const { join, token, window } = message.data
    if (join === undefined && token === undefined) {
      if (!this.principal) return this.close(CLOSE.badRequest)
      return this.options.outlet.send('{}')
    }
    if (token === undefined || this.busy || (join === undefined) !== (this.principal !== undefined)) {
      return this.close(CLOSE.badRequest)
    }
    if (window) this.window = window
    this.busy = true
    void this.authenticate(token, join)
  }

  pong(): void {
    this.awaitingPong = false
  }

  /** Called about once a second. */
  tick(): void {
    if (this.over) return
    const { now, limits, outlet } = this.options
    const at = now()
    this.messages = 0
    if (!this.principal) {
      if (at - this.openedAt >= limits.connectMs) this.close(CLOSE.stale)
      return
    }
    if (at >= this.principal.expiresAtMs + limits.expiryGraceMs) return this.close(CLOSE.expired)
    if (this.awaitingPong && at - this.pingedAt >= limits.pongMs) return this.close(CLOSE.noPong)
    if (at - this.pingedAt >= limits.pingMs) {
      this.pingedAt = at
      this.awaitingPong = true
      this.options.ping()
    }
    if (this.rejoinAt !== undefined && at >= this.rejoinAt) this.rejoin()
    outlet.sweep()
  }

  close(code: CloseCode): void {
    if (this.over) return
    this.end()
    this.options.outlet.close(code)
  }

  end(): void {
    this.over = true
    this.joined?.leave()
    this.joined = undefined
  }

  /** Never rejects: every failure ends in a close code. */
  private async authenticate(token: string, join: string | undefined): Promise<void> {
    try {
      await this.admit(token, join)
    } catch {
      this.close(CLOSE.serverError)
    } finally {
      this.busy = false
    }
  }

  private async admit(token: string, join: string | undefined): Promise<void> {
    let principal: Principal
    try {
      principal = await this.options.verify(token)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      if (error.failure === 'expired') return this.close(CLOSE.expired)
      return this.close(error.failure === 'forbidden' ? CLOSE.permissionDenied : CLOSE.invalidToken)
    }
    if (this.over) return
    if (join === undefined) {
      const before = this.principal
      if (principal.tenant !== before?.tenant || principal.subject !== before.subject)
        return this.close(CLOSE.invalidToken)
      this.principal = principal
      return
    }
    if (join !== `tenant:${principal.tenant}`) return this.close(CLOSE.permissionDenied)
    if (!this.options.admit(principal)) return this.close(CLOSE.connectionLimit)
    this.principal = principal
    this.pingedAt = this.options.now()
    this.options.outlet.send(JSON.stringify({ event: 'joined', data: { room: join, window: this.window } }))
    await this.enter(principal)
  }

  private async enter(principal: Principal): Promise<void> {
    const channel: Channel = {
      name: `dashboard:${principal.tenant}`,
      kind: 'dashboard',
      tenant: principal.tenant,
    }
    let joined: Joined
    try {
      joined = await this.options.hub.join(channel, {
        publish: (publication) => this.options.outlet.publish(publication),
        invalidate: (reason) => this.stale(reason),
      })
    } catch {
      return this.stale('the live figures are out of reach')
    }
    if (this.over) return joined.leave()
    this.joined = joined
    this.rejoinMs = REJOIN_MS_MIN
    if (joined.snapshot) {
      const frames = plainFramesOf(joined.snapshot, this.window)
      for (const frame of frames) this.options.outlet.send(frame)
      if (frames.length === 0) {
        const data = { timestamp: joined.snapshot.timestamp, state: joined.snapshot.state }
        this.options.outlet.send(JSON.stringify({ event: 'state', data }))
      }
    }
    joined.start()
  }

  private stale(reason: string): void {
    if (this.over) return
    this.joined = undefined
    const data = { timestamp: new Date(this.options.now()).toISOString(), reason }
    this.options.outlet.send(JSON.stringify({ event: 'stale', data }))
    this.rejoinAt = this.options.now() + this.rejoinMs
    this.rejoinMs = Math.min(this.rejoinMs * 2, REJOIN_MS_MAX)
  }

  private rejoin(): void {
    this.rejoinAt = undefined
    if (this.principal) this.enter(this.principal).catch(() => this.close(CLOSE.serverError))
  }
}

/** How a publication looks to a plain client. */
export const renderPlain =
  (session: () => PlainSession | undefined) =>
  (publication: Publication): readonly string[] =>
    publication.plainFrames(session()?.window ?? '30d')
