/**
 * Owns `session_id`: a connection that a user keeps between requests, with its settings and temporary tables.
 * S1: a session belongs to its user; the same id of another user is another session. S2: one request at a time, else
 * SESSION_IS_LOCKED. S3: a session unused for its timeout is closed; there are at most 200, the one unused longest
 * goes first.
 */
import type { Connection, Engine } from './engine.ts'
import { sessionLocked, sessionNotFound } from './errors.ts'
import { SessionState } from './session-state.ts'

interface Session {
  readonly state: SessionState
  locked: boolean
  timer: NodeJS.Timeout | undefined
}

const SESSIONS_MAX = 200

export interface SessionAsk {
  readonly user: string
  readonly id: string
  readonly timeoutS: number
  readonly mustExist: boolean
}

export class Sessions {
  readonly #engine: Engine
  readonly #sessions = new Map<string, Session | 'opening'>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Gives the session, locked until `release`. */
  async enter(ask: SessionAsk, database: string, open: () => Promise<Connection>): Promise<SessionState> {
    const key = JSON.stringify([ask.user, ask.id])
    const known = this.#sessions.get(key)
    if (known === 'opening' || known?.locked === true) {
      throw sessionLocked(
        `Session ${ask.id} is locked by a concurrent client: wait for its query, or use another id`,
      )
    }
    if (known) {
      clearTimeout(known.timer)
      known.locked = true
      return known.state
    }
    if (ask.mustExist) throw sessionNotFound(`Session ${ask.id} not found`)
    this.#makeRoom()
    this.#sessions.set(key, 'opening')
    try {
      const state = new SessionState(await open(), database)
      this.#sessions.set(key, { state, locked: true, timer: undefined })
      return state
    } catch (error) {
      this.#sessions.delete(key)
      throw error
    }
  }

  release(ask: SessionAsk, close: boolean): void {
    const key = JSON.stringify([ask.user, ask.id])
    const session = this.#sessions.get(key)
    if (session === undefined || session === 'opening') return
    session.locked = false
    if (close) {
      this.#end(key, session)
      return
    }
    // Last used goes to the end of the map's order.
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    session.timer = setTimeout(() => this.#end(key, session), ask.timeoutS * 1_000)
    session.timer.unref()
  }

  closeAll(): void {
    for (const [key, session] of this.#sessions) if (session !== 'opening') this.#end(key, session)
  }

  #makeRoom(): void {
    if (this.#sessions.size < SESSIONS_MAX) return
    for (const [key, session] of this.#sessions) {
      if (session !== 'opening' && !session.locked) {
        this.#end(key, session)
        return
      }
    }
    throw sessionLocked(`${SESSIONS_MAX} sessions are all in use: close some with close_session=1`)
  }

  #end(key: string, session: Session): void {
    clearTimeout(session.timer)
    this.#sessions.delete(key)
    this.#engine.drop(session.state.connection)
  }
}
