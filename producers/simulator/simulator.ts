/**
 * Owns the demo company's life over the command HTTP API: about 400 days of history at first, then the plan of each day
 * as its minutes come, and the counter's small change.
 * S1: every command has an id or key that follows from seed and time: sending it again changes nothing. So where it left
 *     off is only a matter of speed (the state file), never of truth. S2: after days of standstill the missed days are
 *     caught up, dated on their own days. S3: memory is bounded: a day's plan, a bounded list of open credits.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Log } from '../../platform/log.ts'
import { dayAt, type EpochDay, startOfDay } from '../../schemas/values/calendar.ts'
import type { CommandClient, ItemOutcome } from '../importers/client.ts'
import { TENANT } from './company.ts'
import { Counter, OPEN_MAX, type OpenCredit } from './counter.ts'
import { Plan, type PlannedItem } from './plan.ts'

export const HISTORY_DAYS = 400
const BATCH_ITEMS = 200
const TICK_MS_MAX = 2_000
/** A slot that is older than this when its turn comes (the machine slept) is left out. */
const SLOT_LATE_MS_MAX = 60_000

export interface SimulatorOptions {
  readonly client: CommandClient
  readonly seed: number
  readonly speed: number
  /** JSON of where it left off; undefined = from the beginning each time. */
  readonly stateFile: string | undefined
  readonly log: Log
  readonly nowMs: () => number
  readonly onSent?: (outcomes: readonly ItemOutcome[]) => void
}

interface State {
  /** Everything planned before this instant was sent. */
  readonly sentUntilMs: number
  readonly registeredAt: string
  readonly open: readonly OpenCredit[]
}

export class Simulator {
  readonly #options: SimulatorOptions
  #stopped = false
  #wake: () => void = () => {}
  #caughtUp = false

  constructor(options: SimulatorOptions) {
    this.#options = options
  }

  /** History is in. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  stop(): void {
    this.#stopped = true
    this.#wake()
  }

  async run(): Promise<void> {
    const { seed, speed, nowMs, log } = this.#options
    const registeredAt = await this.#tenant()
    const anchor = dayAt(Date.parse(registeredAt), TENANT.zone)
    const firstDay = anchor - HISTORY_DAYS
    const plan = new Plan(seed, firstDay)
    const state = this.#load(registeredAt)
    let untilMs = state?.sentUntilMs ?? startOfDay(firstDay, TENANT.zone)
    if (!state) await this.#send(plan.opening())
    const began = nowMs()
    untilMs = await this.#catchUp(plan, untilMs)
    log.info(
      { days: HISTORY_DAYS, ms: nowMs() - began, resumed: state !== undefined },
      'the history of the demo company is in',
    )
    const counter = new Counter({
      seed,
      speed,
      customers: plan.customers,
      open: state?.open ?? [],
      nowMs: nowMs(),
    })
    this.#save({ sentUntilMs: untilMs, registeredAt, open: counter.open })
    this.#caughtUp = true
    let lastSlot = Math.floor(nowMs() / counter.slotMs)
    while (!this.#stopped) {
      await this.#sleep(Math.min(counter.slotMs, TICK_MS_MAX))
      if (this.#stopped) break
      const before = untilMs
      untilMs = await this.#catchUp(plan, untilMs)
      const slot = Math.floor(nowMs() / counter.slotMs)
      let traded = 0
      for (
        lastSlot = Math.max(lastSlot, slot - Math.ceil(SLOT_LATE_MS_MAX / counter.slotMs));
        lastSlot < slot;
      ) {
        lastSlot++
        const items = counter.slot(lastSlot * counter.slotMs, dayAt(nowMs(), TENANT.zone))
        traded += items.length
        await this.#send(items)
      }
      if (traded > 0 || untilMs - before > 60_000)
        this.#save({ sentUntilMs: untilMs, registeredAt, open: counter.open })
    }
  }

  /** Registers the tenant where it is missing; gives the instant of its registration. */
  async #tenant(): Promise<string> {
    const { client } = this.#options
    const path = `/v1/tenants/${TENANT.id}`
    if (!(await client.tenant(TENANT.id))) await client.register(TENANT)
    return ((await client.request('GET', path)) as { registeredAt: string }).registeredAt
  }

  /** Sends what was planned from `fromMs` until now; gives until when. */
  async #catchUp(plan: Plan, fromMs: number): Promise<number> {
    const toMs = this.#options.nowMs()
    let items: PlannedItem[] = []
    const lastDay = dayAt(toMs, TENANT.zone)
    for (let day: EpochDay = dayAt(fromMs, TENANT.zone); day <= lastDay && !this.#stopped; day++) {
      const begins = startOfDay(day, TENANT.zone)
      for (const { minute, item } of plan.day(day)) {
        const instant = begins + minute * 60_000
        if (instant >= fromMs && instant < toMs) items.push(item)
      }
      while (items.length >= BATCH_ITEMS) {
        await this.#send(items.slice(0, BATCH_ITEMS))
        items = items.slice(BATCH_ITEMS)
      }
    }
    if (this.#stopped) return fromMs
    await this.#send(items)
    return toMs
  }

  async #send(items: readonly PlannedItem[]): Promise<void> {
    if (items.length === 0) return
    const { client, log, onSent } = this.#options
    const outcomes = await client.batch('demo', items)
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status !== 'refused') continue
      log.debug(
        { type: items[index]?.type, id: outcome.id, problem: outcome.problem },
        'the service refused a command of the demo',
      )
    }
    onSent?.(outcomes)
  }

  #load(registeredAt: string): State | undefined {
    const { stateFile, log } = this.#options
    if (stateFile === undefined) return undefined
    try {
      const state = JSON.parse(readFileSync(stateFile, 'utf8')) as State
      // Of another life of the tenant: the store was emptied meanwhile.
      return state.registeredAt === registeredAt && Number.isFinite(state.sentUntilMs) ? state : undefined
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT')
        log.warn({ err: error, stateFile }, 'the state file is not readable; all is sent again')
      return undefined
    }
  }

  #save(state: State): void {
    const { stateFile, log } = this.#options
    if (stateFile === undefined) return
    try {
      writeFileSync(`${stateFile}.new`, JSON.stringify({ ...state, open: state.open.slice(-OPEN_MAX) }))
      renameSync(`${stateFile}.new`, stateFile)
    } catch (error) {
      log.warn({ err: error, stateFile }, 'the state could not be kept; a restart sends more again')
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
