/**
 * Owns the rounds of the canary tenant over the command HTTP API: one every so many seconds, each a batch of commands with
 * ids of their own (schemas/rules/canary.ts has the script).
 * K1: which round comes next is in a file that is written before the round is sent: after a crash the same round is sent
 *     again, on the same day, which changes nothing of what is there already. A file that is lost costs a walk through
 *     the rounds that are there, and no more. K2: one round at a time: the next begins when all of this one is stored.
 * K3: rounds that were missed are not made up for. So what is stored grows by time that it ran, a round a period.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Log } from '../../platform/log.ts'
import { Signal } from '../../platform/signal.ts'
import { CANARY_OPENING, CANARY_TENANT, type CanaryCommand, canaryRound } from '../../schemas/rules/canary.ts'
import { dayAt, type EpochDay } from '../../schemas/values/calendar.ts'
import type { CommandClient, ItemOutcome } from '../importers/client.ts'

const BATCH = 'canary'

export interface CanaryOptions {
  readonly client: Pick<CommandClient, 'tenant' | 'register' | 'batch'>
  readonly periodMs: number
  /** JSON of the round under way; undefined = walks through them each time. */
  readonly stateFile: string | undefined
  readonly log: Log
  readonly nowMs: () => number
  readonly onRound?: (outcomes: readonly ItemOutcome[]) => void
}

interface Round {
  readonly round: number
  readonly day: EpochDay
}

export class Canary {
  readonly #options: CanaryOptions
  #stopped = false
  readonly #wake = new Signal()
  #newest = 0

  constructor(options: CanaryOptions) {
    this.#options = options
  }

  /** Newest round that is stored as a whole; 0 = none yet. */
  get newest(): number {
    return this.#newest
  }

  stop(): void {
    this.#stopped = true
    this.#wake.wake()
  }

  async run(): Promise<void> {
    const { client, periodMs } = this.#options
    if (!(await client.tenant(CANARY_TENANT.id))) await client.register(CANARY_TENANT)
    await this.#send(CANARY_OPENING)
    let next = this.#load() ?? { round: 1, day: this.#today() }
    while (!this.#stopped) {
      this.#save(next)
      const isNew = await this.#send(canaryRound(next.round, next.day))
      this.#newest = next.round
      if (isNew) await this.#wake.wait(periodMs)
      next = { round: next.round + 1, day: this.#today() }
    }
  }

  #today(): EpochDay {
    return dayAt(this.#options.nowMs(), CANARY_TENANT.zone)
  }

  /** False = all of it was there. */
  async #send(commands: readonly CanaryCommand[]): Promise<boolean> {
    const { client, log, onRound } = this.#options
    const outcomes = await client.batch(BATCH, commands)
    // There already, with another day: only where the file was lost (K1).
    for (const [index, { status, problem }] of outcomes.entries())
      if (status === 'refused' && problem?.code !== 'already_exists')
        log.error({ command: commands[index], problem }, 'the service refused a command of the canary')
    onRound?.(outcomes)
    return outcomes.some(({ status }) => status === 'accepted')
  }

  #load(): Round | undefined {
    const { stateFile, log } = this.#options
    if (stateFile === undefined) return undefined
    try {
      const state = JSON.parse(readFileSync(stateFile, 'utf8')) as Round
      if (Number.isSafeInteger(state.round) && state.round > 0 && Number.isSafeInteger(state.day))
        return state
      throw new Error('it names no round and day')
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT')
        log.warn({ err: error, stateFile }, 'the state file is not readable; all rounds are walked through')
      return undefined
    }
  }

  #save(state: Round): void {
    const { stateFile, log } = this.#options
    if (stateFile === undefined) return
    try {
      writeFileSync(`${stateFile}.new`, JSON.stringify(state))
      renameSync(`${stateFile}.new`, stateFile)
    } catch (error) {
      log.warn({ err: error, stateFile }, 'the round could not be noted; a restart walks from an older one')
    }
  }
}
