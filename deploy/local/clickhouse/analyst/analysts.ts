/**
 * Owns running an analyst's query: a connection with the tenant's filters, the guard's verdict on it, the query.
 * Y1: neither a result nor an error goes out that was made with filters of another schema: it is thrown away and made
 *     again. Y2: analysts have lanes of their own. Y3: no sessions and no data: nothing of a request outlives it.
 */
import type { Caller } from '../auth.ts'
import type { Engine } from '../engine.ts'
import { readonlyMode, tooManyQueries } from '../errors.ts'
import { type Job, limited, type Outcome, select } from '../job.ts'
import { Lanes } from '../lanes.ts'
import type { Pool } from '../pool.ts'
import type { SchemaGate } from '../schema-gate.ts'
import { ANALYST_DATABASE } from './catalog.ts'
import type { Guard } from './guard.ts'
import { analystSettings } from './settings.ts'

const KEY_MAX = 600
const ATTEMPTS_MAX = 5

export interface AnalystsOptions {
  readonly engine: Engine
  readonly guard: Guard
  readonly gate: SchemaGate
  readonly pool: Pool
  readonly lanes: number
}

type Analyst = Caller & { readonly role: 'analyst' }

interface Attempt {
  readonly generation: number
  /** Gives the outcome, or throws what the engine threw. */
  readonly end: () => Outcome
}

export class Analysts {
  readonly #options: AnalystsOptions
  readonly #lanes: Lanes

  constructor(options: AnalystsOptions) {
    this.#options = options
    this.#lanes = new Lanes({ name: 'analyst', width: options.lanes, queueMax: 128, waitMs: 30_000 })
  }

  async run(job: Job, caller: Analyst): Promise<Outcome> {
    const { asked, statement } = job
    if (statement.data !== undefined) throw readonlyMode('Cannot execute query in readonly mode')
    if (![undefined, 'default', ANALYST_DATABASE].includes(asked.database)) {
      throw readonlyMode(
        `database=${asked.database}: analysts work in ${ANALYST_DATABASE}; name tables of others in full`,
      )
    }
    const leave = await this.#lanes.enter()
    try {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
        const { generation, end } = await this.#attempt(job, caller)
        if (generation === this.#options.guard.generation) return end()
      }
      throw tooManyQueries('The schema kept changing while the query ran. Try again later')
    } finally {
      leave()
    }
  }

  async #attempt(job: Job, caller: Analyst): Promise<Attempt> {
    const { gate, guard } = this.#options
    const pass = await gate.read()
    const { generation } = guard
    try {
      const outcome = await this.#filtered(job, caller)
      return { generation, end: () => outcome }
    } catch (error) {
      return {
        generation,
        end: () => {
          throw error
        },
      }
    } finally {
      pass()
    }
  }

  async #filtered({ asked, statement, signal }: Job, caller: Analyst): Promise<Outcome> {
    const { engine, guard, pool } = this.#options
    const settings = analystSettings({ ...caller, ...asked, catalog: guard.catalog })
    const parameters = JSON.stringify([...asked.parameters])
    const scope = JSON.stringify([guard.generation, caller.user, [...asked.settings], parameters])
    const connection = await pool.take(scope, settings, ANALYST_DATABASE)
    let kept = false
    try {
      await guard.check(connection, statement.text, parameters)
      const seconds = Number(settings['max_execution_time'])
      const outcome = await limited({ engine, connection, signal, seconds }, () =>
        select(connection, statement.text, asked.format),
      )
      kept = scope.length <= KEY_MAX
      return outcome
    } finally {
      if (kept) pool.give(scope, connection)
      else engine.drop(connection)
    }
  }
}
