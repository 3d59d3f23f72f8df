/**
 * Owns the tries of a group of commands of one tenant, each in one transaction (group.ts says what happens in it).
 * X1: when another transaction was first, or one command breaks the group, the group is taken apart and each command is
 *     tried again alone, a bounded number of times. X2: after a commit of unknown outcome nothing is tried again: the
 *     caller learns it by its Idempotency-Key.
 */
import type pg from 'pg'
import { inTransaction, isOutage, isRace } from '../event-store/database.ts'
import { purgeAnswers } from '../event-store/idempotency.ts'
import { type CommandRequest, type CommandResult, refused } from './command.ts'
import { Refusal } from './errors.ts'
import { Group, type Pass } from './group.ts'

const TRIES_MAX = 4
const PURGE_EVERY = 500

export class Executor {
  readonly #pool: pg.Pool
  readonly #nowMs: () => number
  readonly #onCommit: () => void
  #sincePurge = 0

  constructor(pool: pg.Pool, options: { readonly nowMs: () => number; readonly onCommit: () => void }) {
    this.#pool = pool
    this.#nowMs = options.nowMs
    this.#onCommit = options.onCommit
  }

  /** Results in the order of the requests; rejects only when the store does not answer. */
  async run(tenantId: string, requests: readonly CommandRequest[]): Promise<readonly CommandResult[]> {
    const passes =
      requests.length > 1 ? await this.#pass(tenantId, requests) : requests.map((): Pass => 'alone')
    const results: CommandResult[] = []
    for (const [index, request] of requests.entries()) {
      const pass = passes[index] ?? 'alone'
      results.push(pass === 'alone' ? await this.#alone(tenantId, request) : pass)
    }
    return results
  }

  async #alone(tenantId: string, request: CommandRequest): Promise<CommandResult> {
    try {
      for (let tries = 1; tries <= TRIES_MAX; tries++) {
        const [pass] = await this.#pass(tenantId, [request])
        if (pass !== undefined && pass !== 'alone') return pass
      }
    } catch (error) {
      return { kind: 'failed', error }
    }
    const what = `${request.operation.name} ${request.id}`
    return refused(
      new Refusal('conflict', `${what} lost against other commands ${TRIES_MAX} times: send it again`, {
        retryAfterSeconds: 1,
      }),
    )
  }

  async #pass(tenantId: string, requests: readonly CommandRequest[]): Promise<readonly Pass[]> {
    let wrote = false
    try {
      const passes = await inTransaction(this.#pool, tenantId, async (client) => {
        const group = new Group(tenantId, this.#nowMs(), requests)
        await group.load(client)
        group.decide()
        wrote = await group.write(client)
        if (wrote && ++this.#sincePurge >= PURGE_EVERY) {
          this.#sincePurge = 0
          await purgeAnswers(client, tenantId)
        }
        return group.passes()
      })
      if (wrote) this.#onCommit()
      return passes
    } catch (error) {
      if (isRace(error) || (requests.length > 1 && !isOutage(error))) return requests.map(() => 'alone')
      throw error
    }
  }
}
