/**
 * Owns the order of single commands: one lane per tenant, whose waiting commands share the next transaction (and its
 * fsync). Alone, a command waits for nothing; under load, a group grows to what arrived meanwhile.
 * G1: bounded: a full lane or house refuses (503) instead of queueing without end.
 */
import { Refusal } from './errors.ts'
import type { CommandRequest, CommandResult } from './command.ts'

export interface LaneLimits {
  readonly groupMax: number
  readonly laneWaitingMax: number
  readonly waitingMax: number
}
const LIMITS: LaneLimits = { groupMax: 64, laneWaitingMax: 2_000, waitingMax: 10_000 }

interface Waiting {
  readonly request: CommandRequest
  readonly resolve: (result: CommandResult) => void
  readonly reject: (error: unknown) => void
}

type Run = (tenantId: string, requests: readonly CommandRequest[]) => Promise<readonly CommandResult[]>

export class Lanes {
  readonly #run: Run
  readonly #limits: LaneLimits
  readonly #lanes = new Map<string, Waiting[]>()
  #waiting = 0

  constructor(run: Run, limits: LaneLimits = LIMITS) {
    this.#run = run
    this.#limits = limits
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
      const waiting = { request, resolve, reject }
      if (lane) lane.push(waiting)
      else {
        const made = [waiting]
        this.#lanes.set(tenantId, made)
        void this.#drain(tenantId, made)
      }
    })
  }

  async #drain(tenantId: string, lane: Waiting[]): Promise<void> {
    while (lane.length > 0) {
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
      }
    }
    this.#lanes.delete(tenantId)
  }
}
