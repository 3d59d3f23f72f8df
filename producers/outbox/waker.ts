/**
 * Owns telling the relay that there is work: NOTIFY in a statement of its own after the commit, because a NOTIFY inside
 * a transaction makes all committing transactions of the database queue behind one lock.
 * A lost wake-up costs the relay's poll interval and nothing else.
 */
import type pg from 'pg'

export const OUTBOX_CHANNEL = 'nikash_outbox'

/** The relay reads at most so often under load: more wake-ups than that would cost the store and gain nothing. */
export const GATHER_MS = 10

export class Waker {
  readonly #pool: pg.Pool
  readonly #onError: (error: unknown) => void
  #running = false
  #again = false

  constructor(pool: pg.Pool, onError: (error: unknown) => void) {
    this.#pool = pool
    this.#onError = onError
  }

  /** At once when none went out of late; commits until the next one share it. */
  wake(): void {
    if (this.#running) {
      this.#again = true
      return
    }
    this.#running = true
    void this.#notify()
  }

  async #notify(): Promise<void> {
    try {
      do {
        this.#again = false
        await this.#pool.query(`notify ${OUTBOX_CHANNEL}`)
        await new Promise((resolve) => setTimeout(resolve, GATHER_MS).unref())
      } while (this.#again)
    } catch (error) {
      this.#onError(error)
    } finally {
      this.#running = false
    }
  }
}
