/**
 * Owns the order of single commands: one lane per tenant, whose waiting commands share the next transaction (and its
 * fsync). Alone, a command waits for nothing; under load, a group grows to what arrived meanwhile.
 * G1: bounded: a full lane or house refuses (503) instead of queueing without end.
 * G2: few transactions at a time, the lanes in turn, and a group is taken when its transaction begins: what arrives while
 *     it waits for its turn still joins it. More at a time only make the store dearer.
 * G3: one transaction at a time while nobody waits long: the groups of the others grow meanwhile, and a command among
 *     four costs half of one that has a transaction to itself. A lane whose command has waited `patienceMs` gets one
 *     beside those that run, up to the most there may be. A lane never waits while nothing runs.
 */
import { Refusal } from './errors.ts'
import type { CommandRequest, CommandResult } from './command.ts'

export interface LaneLimits {
  readonly groupMax: number
  readonly laneWaitingMax: number
  readonly waitingMax: number
  readonly runningMax: number
  readonly patienceMs: number
}
const LIMITS: LaneLimits = {
  groupMax: 64,
  laneWaitingMax: 2_000,
  waitingMax: 10_000,
  runningMax: 4,
  patienceMs: 25,
}

interface Waiting {
  readonly request: CommandRequest
  readonly sinceMs: number
  readonly resolve: (result: CommandResult) => void
  readonly reject: (error: unknown) => void
}

type Run = (tenantId: string, requests: readonly CommandRequest[]) => Promise<readonly CommandResult[]>

export class Lanes {
  readonly #run: Run
  readonly #limits: LaneLimits
  readonly #lanes = new Map<string, Waiting[]>()
  /** Lanes with commands and without a transaction, in turn. */
  readonly #turns: (readonly [string, Waiting[]])[] = []
  #running = 0
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  constructor(run: Run, limits: Partial<LaneLimits> = {}) {
    this.#run = run
    this.#limits = { ...LIMITS, ...limits }
  }

  get waiting(): number {
    return this.#waiting
  }

  submit(tenantId: string, request: CommandRequest): Promise<CommandResult> {
    const lane = this.#lanes.get(tenantId)
    if (this.#waiting >= this.#limits.waitingMax || (lane && lane.length >= this.#limits.laneWaitingMax)) {
      return Promise.reject(
        new Refusal('unavailable', 'too many commands are waiting: send it again later', {
          retryAfterSeconds: 1,
        }),
      )
    }
    return new Promise((resolve, reject) => {
      this.#waiting++
      const waiting = { request, sinceMs: performance.now(), resolve, reject }
      if (lane) lane.push(waiting)
      else {
        const made = [waiting]
        this.#lanes.set(tenantId, made)
        this.#turns.push([tenantId, made])
        this.#next()
      }
    })
  }

  #next(): void {
    clearTimeout(this.#timer)
    while (this.#running < this.#limits.runningMax) {
      const turn = this.#turns[0]
      if (!turn) return
      const leftMs = this.#running === 0 ? 0 : this.#patienceLeftMs(turn[1])
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#next(), Math.ceil(leftMs))
        return
      }
      this.#turns.shift()
      void this.#runGroup(...turn)
    }
  }

  /** G3. A full group gains nothing by waiting. */
  #patienceLeftMs(lane: readonly Waiting[]): number {
    const { patienceMs, groupMax } = this.#limits
    const [oldest] = lane
    if (oldest === undefined || lane.length >= groupMax) return 0
    return oldest.sinceMs + patienceMs - performance.now()
  }

  async #runGroup(tenantId: string, lane: Waiting[]): Promise<void> {
    this.#running++
    const group = lane.splice(0, this.#limits.groupMax)
    try {
      const results = await this.#run(
        tenantId,
        group.map((one) => one.request),
      )
      for (const [index, one] of group.entries()) {
        const result = results[index]
        if (result) one.resolve(result)
        else one.reject(new Error('a command of the group got no result'))
      }
    } catch (error) {
      for (const one of group) one.reject(error)
    } finally {
      this.#waiting -= group.length
      this.#running--
      if (lane.length > 0) this.#turns.push([tenantId, lane])
      else this.#lanes.delete(tenantId)
      this.#next()
    }
  }
}
