/**
 * Owns the tries of a group of commands of one tenant, each in one transaction (group.ts says what happens in it).
 * X1: when another transaction was first, or one command breaks the group, the group is taken apart and each command is
 *     tried again alone, a bounded number of times. X2: after a commit of unknown outcome nothing is tried again: the
 *     caller learns it by its Idempotency-Key. X3: a store that failed repeatedly is left alone for a moment: commands
 *     are refused at once instead of waiting for connections one after the other.
 */
import type pg from 'pg'
import { Charts } from '../event-store/charts.ts'
import { ChartMissing, seedChart } from '../ledger/seed.ts'
import { BreakerOpen, type Guard, UNGUARDED } from '../../platform/breaker.ts'
import { CommittedAnyway, inTransaction, isOutage, isRace } from '../event-store/database.ts'
import { purgeAnswers } from '../event-store/idempotency.ts'
import { TaxRateTable } from '../event-store/tax-rate-table.ts'
import { type CommandRequest, type CommandResult, refused } from './command.ts'
import { Refusal } from './errors.ts'
import { Group, type Pass } from './group.ts'
import { KnownTenants } from './known-tenants.ts'

const TRIES_MAX = 4
const PURGE_EVERY = 500

export interface ExecutorOptions {
  readonly nowMs: () => number
  readonly onCommit: () => void
  /** Circuit breaker in front of the store. */
  readonly guard?: Guard
}

export class Executor {
  readonly #pool: pg.Pool
  readonly #nowMs: () => number
  readonly #onCommit: () => void
  readonly #charts = new Charts()
  readonly #guard: Guard
  readonly #taxRates = new TaxRateTable()
  readonly #tenants = new KnownTenants()
  #sincePurge = 0

  constructor(pool: pg.Pool, options: ExecutorOptions) {
    this.#pool = pool
    this.#nowMs = options.nowMs
    this.#onCommit = options.onCommit
    this.#guard = options.guard ?? UNGUARDED
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
      const passes = await this.#guard(() =>
        inTransaction(this.#pool, tenantId, async (client, commit) => {
          const group = new Group(tenantId, this.#nowMs(), requests, {
            charts: this.#charts,
            taxRates: this.#taxRates,
            tenants: this.#tenants,
          })
          await group.load(client)
          group.decide()
          if (++this.#sincePurge >= PURGE_EVERY) {
            this.#sincePurge = 0
            await purgeAnswers(client, tenantId)
          }
          wrote = await group.write(client, commit)
          return group.passes()
        }),
      )
      if (wrote) this.#onCommit()
      return passes
    } catch (error) {
      if (error instanceof ChartMissing) {
        await seedChart(this.#pool, tenantId, this.#nowMs())
        this.#onCommit()
        return requests.map(() => 'alone')
      }
      // X3.
      if (error instanceof BreakerOpen) {
        const detail =
          'the store does not answer and was not asked: send the command again, with the same Idempotency-Key'
        throw new Refusal('unavailable', detail, { retryAfterSeconds: 1 })
      }
      if (error instanceof CommittedAnyway) throw error
      if (isRace(error) || (requests.length > 1 && !isOutage(error))) return requests.map(() => 'alone')
      throw error
    }
  }
}
