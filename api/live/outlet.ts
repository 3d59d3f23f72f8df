/**
 * Owns what one client has not read yet. Refuses to hold more than one merged publication per channel.
 *
 * O1  while the socket has more than `softBytes` unsent, publications of a channel merge by key into one.
 * O2  a client that stays behind for `blockedMs`, or whose merge has more than `keysMax` keys, is closed as slow.
 * O3  replies and pings go out at once; they are bounded by the commands that a client may send.
 */
import { CLOSE, type CloseCode } from './close-codes.ts'
import { keyCount, merge, type Publication } from './publication.ts'

export interface Wire {
  /** Bytes handed over and not yet written to the network. */
  unsentBytes(): number
  /** `written` is called once the text is with the operating system. */
  send(text: string, written: () => void): void
  close(code: CloseCode): void
}

export interface OutletLimits {
  readonly softBytes: number
  readonly blockedMs: number
  readonly keysMax: number
}

export const OUTLET_LIMITS: OutletLimits = { softBytes: 65_536, blockedMs: 15_000, keysMax: 2_000 }

export class Outlet {
  private readonly wire: Wire
  private readonly now: () => number
  private readonly limits: OutletLimits
  private readonly render: (publication: Publication) => readonly string[]
  private readonly onCoalesced: () => void
  private readonly onSent: (publication: Publication) => void
  private readonly onDropped: (publications: number) => void
  private pending = new Map<string, Publication>()
  private blockedSince: number | undefined
  private closed = false

  constructor(options: {
    wire: Wire
    now: () => number
    limits: OutletLimits
    render: (publication: Publication) => readonly string[]
    onCoalesced?: () => void
    onSent?: (publication: Publication) => void
    onDropped?: (publications: number) => void
  }) {
    this.wire = options.wire
    this.now = options.now
    this.limits = options.limits
    this.render = options.render
    this.onCoalesced = options.onCoalesced ?? (() => undefined)
    this.onSent = options.onSent ?? (() => undefined)
    this.onDropped = options.onDropped ?? (() => undefined)
  }

  get pendingCount(): number {
    return this.pending.size
  }

  send(text: string): void {
    if (!this.closed) this.wire.send(text, this.onWritten)
  }

  publish(publication: Publication): void {
    if (this.closed) return
    if (this.pending.size === 0 && this.wire.unsentBytes() <= this.limits.softBytes) {
      this.blockedSince = undefined
      return this.write(publication)
    }
    this.blockedSince ??= this.now()
    const older = this.pending.get(publication.channel)
    const held = older ? merge(older, publication) : publication
    if (older) this.onCoalesced()
    if (keyCount(held) > this.limits.keysMax) return this.close(CLOSE.slow)
    this.pending.set(publication.channel, held)
  }

  /** Drops what is held for a channel: its subscription ended. */
  forget(channel: string): void {
    this.pending.delete(channel)
  }

  /** Called about once a second by the owner of the connection (O2). */
  sweep(): void {
    this.flush()
    if (this.wire.unsentBytes() <= this.limits.softBytes) {
      this.blockedSince = undefined
      return
    }
    this.blockedSince ??= this.now()
    if (this.now() - this.blockedSince >= this.limits.blockedMs) this.close(CLOSE.slow)
  }

  close(code: CloseCode): void {
    if (this.closed) return
    this.closed = true
    if (this.pending.size > 0) this.onDropped(this.pending.size)
    this.pending.clear()
    this.wire.close(code)
  }

  /** The connection is gone: nothing is sent any more. */
  end(): void {
    this.closed = true
    this.pending.clear()
  }

  private write(publication: Publication): void {
    for (const text of this.render(publication)) this.wire.send(text, this.onWritten)
    this.onSent(publication)
  }

  private readonly onWritten = (): void => {
    if (this.pending.size > 0) this.flush()
  }

  private flush(): void {
    if (this.closed) return
    for (const [channel, publication] of this.pending) {
      if (this.wire.unsentBytes() > this.limits.softBytes) return
      this.pending.delete(channel)
      this.write(publication)
    }
  }
}
