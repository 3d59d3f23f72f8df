/**
 * One connection of the Centrifugo protocol as a state machine:
 *
 *   opened --connect--> connected --(subscribe | unsubscribe | refresh | pong)*--> closed
 *     | no connect in time: stale            | token runs out: expired; no pong: no pong; slow; bad frames
 *
 * Owns the order of replies and pushes. Refuses any other command before connect, and any channel of another tenant.
 *
 * S1  commands are handled one after another in the order in which they came.
 * S2  the reply to a subscribe goes out before any publication of its channel.
 * S3  a channel belongs to the tenant of the token that is valid now; a refresh can't change tenant or subject.
 */
import { type Principal, TokenError, type Verify } from '../auth/token.ts'
import { parseChannel } from './channels.ts'
import { CLOSE, type CloseCode, ERROR, INSUFFICIENT_STATE, type ReplyError } from './close-codes.ts'
import type { Hub, Joined } from './hub.ts'
import type { Outlet } from './outlet.ts'
import { type Command, type ReadCommand, readFrame } from './protocol.ts'

export interface SessionLimits {
  readonly connectMs: number
  readonly pingMs: number
  readonly pongMs: number
  /** How long after its expiry a token may still be refreshed. */
  readonly expiryGraceMs: number
  readonly subscriptionsMax: number
  readonly commandsPerSecondMax: number
  readonly commandsQueuedMax: number
}

export const SESSION_LIMITS: SessionLimits = {
  connectMs: 5_000,
  pingMs: 25_000,
  pongMs: 8_000,
  expiryGraceMs: 5_000,
  subscriptionsMax: 16,
  commandsPerSecondMax: 50,
  commandsQueuedMax: 128,
}

export interface SessionOptions {
  readonly clientId: string
  readonly outlet: Outlet
  readonly hub: Hub
  readonly verify: Verify
  readonly now: () => number
  readonly limits: SessionLimits
  /** Says whether one more connection of this user is allowed; called once, at connect. */
  readonly admit: (principal: Principal) => boolean
}

type Result = Readonly<Record<string, unknown>>

export class Session {
  private readonly options: SessionOptions
  private readonly openedAt: number
  private principal: Principal | undefined
  private readonly joined = new Map<string, Joined>()
  private queue: Promise<void> = Promise.resolve()
  private queued = 0
  private allowance: number
  private allowanceAt: number
  private pingedAt: number
  private awaitingPong = false
  private over = false

  constructor(options: SessionOptions) {
    this.options = options
    this.openedAt = options.now()
    this.pingedAt = this.openedAt
    this.allowance = options.limits.commandsPerSecondMax * 2
    this.allowanceAt = this.openedAt
  }

  get user(): Principal | undefined {
    return this.principal
  }

  receive(text: string): void {
    if (this.over) return
    const commands = readFrame(text)
    if (commands === undefined) return this.close(CLOSE.badRequest)
    for (const command of commands) {
      if (command.kind === 'pong') {
        this.awaitingPong = false
        continue
      }
      if (!this.allow() || this.queued >= this.options.limits.commandsQueuedMax)
        return this.close(CLOSE.tooManyRequests)
      this.queued++
      this.queue = this.queue
        .then(() => this.handle(command))
        .finally(() => {
          this.queued--
        })
    }
  }

  /** Called about once a second: everything that happens because time passed. */
  tick(): void {
    if (this.over) return
    const { now, limits, outlet } = this.options
    const at = now()
    if (!this.principal) {
      if (at - this.openedAt >= limits.connectMs) this.close(CLOSE.stale)
      return
    }
    if (at >= this.principal.expiresAtMs + limits.expiryGraceMs) return this.close(CLOSE.expired)
    if (this.awaitingPong && at - this.pingedAt >= limits.pongMs) return this.close(CLOSE.noPong)
    if (at - this.pingedAt >= limits.pingMs) {
      this.pingedAt = at
      this.awaitingPong = true
      outlet.send('{}')
    }
    outlet.sweep()
  }

  close(code: CloseCode): void {
    if (this.over) return
    this.end()
    this.options.outlet.close(code)
  }

  /** The socket is gone. */
  end(): void {
    this.over = true
    for (const joined of this.joined.values()) joined.leave()
    this.joined.clear()
  }

  private allow(): boolean {
    const { now, limits } = this.options
    const at = now()
    const earned = ((at - this.allowanceAt) / 1000) * limits.commandsPerSecondMax
    this.allowance = Math.min(limits.commandsPerSecondMax * 2, this.allowance + earned) - 1
    this.allowanceAt = at
    return this.allowance >= 0
  }

  private async handle(read: ReadCommand): Promise<void> {
    if (this.over || read.kind === 'pong') return
    try {
      if (!this.principal && !(read.kind === 'command' && read.command.connect))
        return this.close(CLOSE.badRequest)
      if (read.kind === 'not-offered') return read.id > 0 ? this.fail(read.id, ERROR.notAvailable) : undefined
      if (read.kind === 'unknown') return this.fail(read.id, ERROR.methodNotFound)
      await this.dispatch(read.id, read.command)
    } catch {
      // Every failure with a meaning is answered where it happens; what arrives here is ours.
      this.close(CLOSE.serverError)
    }
  }

  private dispatch(id: number, command: Command): Promise<void> | void {
    if (command.connect) return this.connect(id, command.connect.token ?? '')
    if (command.subscribe) return this.subscribe(id, command.subscribe)
    if (command.unsubscribe) return this.unsubscribe(id, command.unsubscribe.channel)
    if (command.refresh) return this.refresh(id, command.refresh.token)
    return this.reply(id, { ping: {} })
  }

  private async connect(id: number, token: string): Promise<void> {
    if (this.principal) return this.close(CLOSE.badRequest)
    const principal = await this.check(id, token)
    if (!principal || this.over) return
    if (!this.options.admit(principal)) return this.close(CLOSE.connectionLimit)
    this.principal = principal
    this.pingedAt = this.options.now()
    this.reply(id, {
      connect: {
        client: this.options.clientId,
        version: 'nikash',
        ...this.lifetime(principal),
        ping: Math.max(1, Math.round(this.options.limits.pingMs / 1000)),
        pong: true,
      },
    })
  }

  private async refresh(id: number, token: string): Promise<void> {
    const before = this.principal
    const principal = await this.check(id, token)
    if (!principal || !before || this.over) return
    if (principal.tenant !== before.tenant || principal.subject !== before.subject)
      return this.close(CLOSE.invalidToken)
    this.principal = principal
    this.reply(id, {
      refresh: { client: this.options.clientId, version: 'nikash', ...this.lifetime(principal) },
    })
  }

  private async check(id: number, token: string): Promise<Principal | undefined> {
    try {
      return await this.options.verify(token)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      if (error.failure === 'expired') this.fail(id, ERROR.tokenExpired)
      else this.close(error.failure === 'forbidden' ? CLOSE.permissionDenied : CLOSE.invalidToken)
      return undefined
    }
  }

  private async subscribe(id: number, request: NonNullable<Command['subscribe']>): Promise<void> {
    const channel = parseChannel(request.channel)
    if (!channel) return this.fail(id, ERROR.unknownChannel)
    if (channel.tenant !== this.principal?.tenant) return this.fail(id, ERROR.permissionDenied)
    if (this.joined.has(channel.name)) return this.fail(id, ERROR.alreadySubscribed)
    if (this.joined.size >= this.options.limits.subscriptionsMax) return this.fail(id, ERROR.limitExceeded)
    const from = request.recover ? { offset: request.offset ?? 0, epoch: request.epoch ?? '' } : undefined
    let joined: Joined
    try {
      joined = await this.options.hub.join(
        channel,
        {
          publish: (publication) => this.options.outlet.publish(publication),
          invalidate: () => this.invalidate(channel.name),
        },
        from,
      )
    } catch {
      return this.fail(id, ERROR.internal)
    }
    if (this.over) return joined.leave()
    this.joined.set(channel.name, joined)
    this.reply(id, {
      subscribe: {
        recoverable: true,
        positioned: true,
        epoch: joined.epoch,
        offset: joined.offset,
        ...(from ? { was_recovering: true, recovered: joined.recovered } : {}),
        publications: joined.publications.map(({ payload, offset }) => ({ data: payload, offset })),
        ...(joined.snapshot ? { data: joined.snapshot } : {}),
      },
    })
    joined.start()
  }

  private unsubscribe(id: number, channel: string): void {
    this.joined.get(channel)?.leave()
    this.joined.delete(channel)
    this.options.outlet.forget(channel)
    this.reply(id, { unsubscribe: {} })
  }

  private invalidate(channel: string): void {
    if (this.over || !this.joined.delete(channel)) return
    this.options.outlet.forget(channel)
    this.options.outlet.send(JSON.stringify({ push: { channel, unsubscribe: INSUFFICIENT_STATE } }))
  }

  private lifetime(principal: Principal): Result {
    const seconds = Math.max(1, Math.floor((principal.expiresAtMs - this.options.now()) / 1000))
    return { expires: true, ttl: seconds }
  }

  private reply(id: number, result: Result): void {
    if (!this.over) this.options.outlet.send(JSON.stringify({ id, ...result }))
  }

  private fail(id: number, error: ReplyError): void {
    if (!this.over) this.options.outlet.send(JSON.stringify({ id, error }))
  }
}
