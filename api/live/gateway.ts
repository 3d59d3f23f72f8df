/**
 * Owns the upgrade of HTTP connections to sockets and the life of each: who may connect, how many, how they end.
 *
 * G1  an Origin that is neither our own nor on the list is refused before the upgrade; no Origin = not a browser.
 * G2  bounded: frames of 64 KiB, few fragments, no compression, connections in all, waiting for a token, and per user.
 * G3  every end has a code of close-codes.ts; a client that does not answer the close is cut off.
 * G4  one timer a second for all connections: no timer per client.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Principal, Verify } from '../auth/token.ts'
import { CLOSE, type CloseCode } from './close-codes.ts'
import type { Hub } from './hub.ts'
import { Outlet, OUTLET_LIMITS, type OutletLimits } from './outlet.ts'
import type { Publication } from './publication.ts'
import { PlainSession, renderPlain } from './plain-session.ts'
import { Session, SESSION_LIMITS, type SessionLimits } from './session.ts'

const FRAME_BYTES_MAX = 65_536
const FRAGMENTS_MAX = 32
const TICK_MS = 1_000
const CLOSE_WAIT_MS = 2_000

export const PATHS = { centrifugo: '/connection/websocket', plain: '/ws' } as const

export interface GatewayLimits {
  readonly connectionsMax: number
  readonly waitingMax: number
  readonly connectionsPerUserMax: number
  readonly session: SessionLimits
  readonly outlet: OutletLimits
}

export const GATEWAY_LIMITS: GatewayLimits = {
  connectionsMax: 20_000,
  waitingMax: 5_000,
  connectionsPerUserMax: 1_000,
  session: SESSION_LIMITS,
  outlet: OUTLET_LIMITS,
}

export interface GatewayMetrics {
  closed(code: number): void
  coalesced(): void
  /** Publications that a slow client did not get before it was closed. */
  dropped(publications: number): void
  /** A delta went out; once for all clients that get the same one. Log time of its figures, milliseconds. */
  sent(logTimeMs: number): void
  refused(reason: string): void
}

export interface GatewayOptions {
  readonly hub: Hub
  readonly verify: Verify
  readonly now: () => number
  readonly allowedOrigins: readonly string[]
  readonly limits?: GatewayLimits
  readonly metrics?: GatewayMetrics
}

interface Connection {
  readonly socket: WebSocket
  readonly session: Session | PlainSession
  readonly outlet: Outlet
  user: string | undefined
}

const SILENT: GatewayMetrics = {
  closed: () => {},
  coalesced: () => {},
  dropped: () => {},
  sent: () => {},
  refused: () => {},
}
const userKey = (principal: Principal): string => `${principal.tenant}|${principal.subject}`

/** True when a page of this origin may open a socket to this host. */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true
  if (allowed.includes(origin)) return true
  if (host === undefined || !URL.canParse(origin)) return false
  const url = new URL(origin)
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.host === host && url.origin === origin
}

export class Gateway {
  private readonly options: GatewayOptions
  private readonly limits: GatewayLimits
  private readonly metrics: GatewayMetrics
  private lastSent: Publication | undefined
  private readonly server: WebSocketServer
  private readonly connections = new Set<Connection>()
  private readonly perUser = new Map<string, number>()
  /** Connections that gave a token. */
  private identified = 0
  private timer: NodeJS.Timeout | undefined
  private closing = false

  constructor(options: GatewayOptions) {
    this.options = options
    this.limits = options.limits ?? GATEWAY_LIMITS
    this.metrics = options.metrics ?? SILENT
    this.server = new WebSocketServer({
      noServer: true,
      maxPayload: FRAME_BYTES_MAX,
      maxFragments: FRAGMENTS_MAX,
      perMessageDeflate: false,
      clientTracking: false,
      skipUTF8Validation: false,
      handleProtocols: (protocols) => (protocols.has('centrifuge-json') ? 'centrifuge-json' : false),
    })
  }

  get connectionCount(): number {
    return this.connections.size
  }

  attach(http: Server): void {
    http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head))
    this.timer = setInterval(() => this.tick(), TICK_MS)
    this.timer.unref()
  }

  /** Says goodbye to all (they reconnect elsewhere) and resolves when the sockets are gone or were cut off. */
  async close(): Promise<void> {
    this.closing = true
    clearInterval(this.timer)
    for (const { session } of this.connections) session.close(CLOSE.shutdown)
    const deadline = this.options.now() + CLOSE_WAIT_MS
    while (this.connections.size > 0 && this.options.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    for (const { socket } of this.connections) socket.terminate()
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const path = (request.url ?? '/').split('?')[0]
    if (path !== PATHS.centrifugo && path !== PATHS.plain) return this.refuse(socket, 404, 'unknown_path')
    const { origin, host } = request.headers
    if (!isOriginAllowed(origin, host, this.options.allowedOrigins)) return this.refuse(socket, 403, 'origin')
    if (this.closing || this.connections.size >= this.limits.connectionsMax)
      return this.refuse(socket, 503, 'full')
    if (this.connections.size - this.identified >= this.limits.waitingMax)
      return this.refuse(socket, 503, 'waiting')
    this.server.handleUpgrade(request, socket, head, (webSocket) =>
      this.open(webSocket, path === PATHS.plain),
    )
  }

  private refuse(socket: Duplex, status: number, reason: string): void {
    this.metrics.refused(reason)
    const retry = status === 503 ? 'Retry-After: 5\r\n' : ''
    socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n${retry}Content-Length: 0\r\n\r\n`)
  }

  private open(socket: WebSocket, plain: boolean): void {
    const { hub, verify, now } = this.options
    let connection: Connection
    const admit = (principal: Principal): boolean => this.admit(connection, principal)
    const limits = this.limits.session
    const onCoalesced = () => this.metrics.coalesced()
    const onDropped = (publications: number) => this.metrics.dropped(publications)
    const { onSent } = this
    const wire = this.wireOf(socket)
    if (plain) {
      let session: PlainSession | undefined
      const render = renderPlain(() => session)
      const told = { onCoalesced, onDropped, onSent }
      const outlet = new Outlet({ wire, now, limits: this.limits.outlet, render, ...told })
      session = new PlainSession({ outlet, hub, verify, now, limits, admit, ping: () => socket.ping() })
      connection = { socket, session, outlet, user: undefined }
      const joined = session
      socket.on('pong', () => joined.pong())
    } else {
      const render = (publication: { frame(): string }) => [publication.frame()]
      const told = { onCoalesced, onDropped, onSent }
      const outlet = new Outlet({ wire, now, limits: this.limits.outlet, render, ...told })
      const session = new Session({ clientId: randomUUID(), outlet, hub, verify, now, limits, admit })
      connection = { socket, session, outlet, user: undefined }
    }
    this.connections.add(connection)
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) return connection.session.close(CLOSE.badRequest)
      connection.session.receive(textOf(data))
    })
    socket.on('close', (code: number) => this.gone(connection, code))
    // A bad frame, a frame too large: ws closes with 1002, 1007 or 1009 by itself.
    socket.on('error', () => connection.session.end())
  }

  private readonly onSent = (publication: Publication): void => {
    const { type, timestamp } = publication.payload
    if (publication === this.lastSent || type !== 'delta' || timestamp === null) return
    this.lastSent = publication
    this.metrics.sent(Date.parse(timestamp))
  }

  private wireOf(socket: WebSocket) {
    return {
      unsentBytes: () => socket.bufferedAmount,
      send: (text: string, written: () => void) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text, written)
      },
      close: ({ code, reason }: CloseCode) => {
        socket.close(code, reason)
        setTimeout(() => socket.terminate(), CLOSE_WAIT_MS).unref()
      },
    }
  }

  private admit(connection: Connection, principal: Principal): boolean {
    const user = userKey(principal)
    const count = this.perUser.get(user) ?? 0
    if (count >= this.limits.connectionsPerUserMax) return false
    this.perUser.set(user, count + 1)
    connection.user = user
    this.identified++
    return true
  }

  private gone(connection: Connection, code: number): void {
    if (!this.connections.delete(connection)) return
    this.metrics.closed(code)
    connection.session.end()
    connection.outlet.end()
    const { user } = connection
    if (user === undefined) return
    this.identified--
    const count = (this.perUser.get(user) ?? 1) - 1
    if (count > 0) this.perUser.set(user, count)
    else this.perUser.delete(user)
  }

  private tick(): void {
    for (const { session } of this.connections) session.tick()
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8')
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8')
}
