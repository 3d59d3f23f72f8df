/**
 * Makes the tables of ClickHouse anew from the log while readers go on. Owns the order of the steps and what makes it safe to
 * be killed at any of them. Refuses: moving the sink's offsets; showing less than before without being told to.
 *
 * Invariants
 * R1: readers find each table whole under its name at any time: a table is filled under another name and changes places
 *     with the live one in one statement, when it holds the log up to exactly where the sink goes on.
 * R2: the shadow is never ahead of the sink. Before the sink is held it is filled up to the committed offset F alone; then
 *     the range that the sink announced and may not have finished, [F, last], as one insert under the sink's own token. So
 *     what the sink redoes after the switch is there already, and an insert of it that was still on its way is dropped.
 * R3: offsets and announcements of the sink are not touched. It goes on as after any restart.
 * R4: what the log no longer has (letters of finance.late.v1 older than a month) is taken over from the live table.
 * R5: a rebuild that is run again goes on where it was; of the tables that were switched nothing is done again.
 *
 * Steps, and what a crash at each leaves
 *  1 begin     shadow tables, carried rows, marks     a database without marks: dropped, begun anew
 *  2 fill      up to F, again until little is left    gone on with: the newest announced range is redone as it was
 *  3 compare   rows that only one side has            as 2
 *  4 hold      the sink stands still                  the supervisor starts the sink again: as 2
 *  5 tail      up to F, then [F, last]                as 2: the sink redoes [F, last] in the live table, then moves on
 *  6 compare   what came since 3                      as 5
 *  7 exchange  one table after the other              each table is whole, old or new; the rest goes on from 2
 *  8 let go    the sink starts                        all is switched: only 9 is left
 *  9 drop      the old tables                         dropped by the next run
 * Before the whole: refusals are filled before facts, so the facts are judged as the processor judged them.
 */
import { type StepName, StoreRebuildError } from './errors.ts'
import { compareRoad, type Compared, newestOf, summed } from './compare.ts'
import { Filler, type FillParts } from './fill.ts'
import { roadKey, tablesOf } from './roads.ts'
import { type Place, Places } from './places.ts'
import { type Carry, Shadow, type ShadowState } from './shadow.ts'

/** So few records are read while the sink is held. */
const TAIL_RECORDS = 5_000
/** Roads that are filled at the same time: one is decoded while another is written. */
const AT_ONCE = 2

export interface RebuildParts extends Omit<FillParts, 'onRecords'> {
  readonly places: Places
}

export interface RebuildOptions {
  readonly parts: RebuildParts
  /** Does the work while the sink stands still, and has it start again whatever becomes of the work. */
  readonly hold: <T>(work: () => Promise<T>) => Promise<T>
  /** Rows that the log does not have are left out. */
  readonly dropUnknown: boolean
  /** Not to go on with a rebuild that was broken off. */
  readonly anew: boolean
  readonly onStep: (step: StepName) => void
  readonly onProgress: (progress: Progress) => void
}

export interface Progress {
  readonly done: number
  readonly remaining: number
}

export interface RebuildReport {
  readonly resumed: boolean
  readonly records: number
  readonly fillMs: number
  readonly heldMs: number
  readonly tables: readonly Compared[]
}

export interface RebuildPlan {
  readonly unfinished: boolean
  readonly topics: readonly { readonly topic: string; readonly records: number; readonly carried: boolean }[]
}

const carriesOf = (places: readonly Place[], parts: RebuildParts): Carry[] =>
  places
    .filter(({ low }) => low > 0)
    .flatMap(({ road, low }) =>
      tablesOf(road, parts.topics).map(({ table, rows, offset }) => ({
        table,
        rows: `${rows} AND ${offset} < ${low}`,
      })),
    )

/** What a rebuild would read; changes nothing. */
export async function planRebuild(parts: RebuildParts): Promise<RebuildPlan> {
  const places = await parts.places.look()
  const unfinished = await new Shadow(parts.store).unfinished()
  const topics = new Map<string, { topic: string; records: number; carried: boolean }>()
  for (const { road, low, goal } of places) {
    const sum = topics.get(road.topic) ?? { topic: road.topic, records: 0, carried: false }
    const records = sum.records + Math.max(0, goal - low)
    topics.set(road.topic, { ...sum, records, carried: sum.carried || low > 0 })
  }
  return { unfinished: unfinished !== undefined, topics: [...topics.values()] }
}

export async function rebuildClickHouse(options: RebuildOptions): Promise<RebuildReport> {
  const { parts, onStep } = options
  const shadow = new Shadow(parts.store)
  const first = await parts.places.look()
  const found = options.anew ? undefined : await shadow.unfinished()
  const carries = carriesOf(first, parts)
  if (found === undefined) onStep('begin')
  const state = found ?? (await shadow.begin(carries))
  const run = new Run(options, shadow, state, carries.length > 0)
  const switched = state.left.length === 0 ? undefined : await run.switchOver()
  onStep('drop')
  await shadow.drop()
  return { resumed: found !== undefined, records: 0, fillMs: 0, heldMs: 0, tables: [], ...switched }
}

class Run {
  readonly #options: RebuildOptions
  readonly #parts: RebuildParts
  readonly #shadow: Shadow
  readonly #filler: Filler
  readonly #state: ShadowState
  #done = 0
  #remaining = 0
  /** Place by road up to which live and shadow were compared. */
  readonly #compared = new Map<string, number>()

  constructor(options: RebuildOptions, shadow: Shadow, state: ShadowState, carried: boolean) {
    this.#options = options
    this.#parts = options.parts
    this.#shadow = shadow
    this.#state = state
    const onRecords = (records: number): void => {
      this.#done += records
      this.#remaining = Math.max(0, this.#remaining - records)
      options.onProgress({ done: this.#done, remaining: this.#remaining })
    }
    this.#filler = new Filler({ ...options.parts, onRecords }, shadow, { ...state, carried })
  }

  async switchOver(): Promise<Omit<RebuildReport, 'resumed'>> {
    const { onStep, hold } = this.#options
    const startedMs = performance.now()
    onStep('fill')
    await this.#fillUp()
    const fillMs = performance.now() - startedMs
    onStep('compare')
    const compared = await this.#compare(false)
    this.#judge(compared)
    onStep('hold')
    const heldFromMs = performance.now()
    const tables = await hold(async () => {
      onStep('tail')
      await this.#tail()
      onStep('compare')
      const all = summed([...compared, ...(await this.#compare(true))])
      this.#judge(all)
      for (const table of this.#state.left) {
        onStep('exchange')
        await this.#shadow.exchange(table)
      }
      onStep('letgo')
      return all
    })
    return { records: this.#done, fillMs, heldMs: performance.now() - heldFromMs, tables }
  }

  /** R2: until so little is left that the sink can be held for it, or no pass gets nearer. */
  async #fillUp(): Promise<void> {
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const places = await this.#places()
      this.#remaining = places.reduce((sum, place) => sum + this.#left(place), 0)
      const redo = before === Number.POSITIVE_INFINITY
      if (!redo && (this.#remaining <= TAIL_RECORDS || this.#remaining > before / 2)) return
      before = this.#remaining
      await this.#fillAll(places)
    }
  }

  async #fillAll(places: readonly Place[]): Promise<void> {
    // Refusals first; the roads of one stage know nothing of each other.
    for (const stage of ['refusals', 'facts', 'history'] as const) {
      const waiting = places.filter(({ road }) => road.stage === stage)
      const work = async (): Promise<void> => {
        for (let place = waiting.shift(); place !== undefined; place = waiting.shift())
          await this.#filler.fill(place.road, place.low, place.goal)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
    }
  }

  async #tail(): Promise<void> {
    const places = await this.#places()
    await this.#fillAll(places)
    for (const { road, low, goal, announced } of places) {
      const at = this.#filler.placeOf(road, low)
      if (announced === undefined || at > announced) continue
      if (at !== goal) throw moved(road.topic, road.partition, at, goal)
      await this.#filler.fillExactly(road, { first: goal, last: announced })
    }
  }

  /** What of each road is needed still. */
  async #places(): Promise<Place[]> {
    const places = (await this.#parts.places.look()).filter(({ road }) => this.#filler.isNeeded(road))
    for (const { road, low, goal, announced } of places) {
      const at = this.#filler.placeOf(road, low)
      if (at < low)
        throw new StoreRebuildError(
          'log_moved',
          `${roadKey(road)} begins at ${low} now, and the rebuild is at ${at}: what is between is gone.`,
          'Run it again with --anew.',
        )
      // The range that the last run finished may be the one that the sink announces still.
      if (at > goal && at !== (announced ?? goal) + 1 && at > low)
        throw moved(road.topic, road.partition, at, goal)
    }
    return places
  }

  #left({ road, low, goal }: Place): number {
    return Math.max(0, goal - this.#filler.placeOf(road, low))
  }

  /** All that was filled since the last look, and what the live tables have of it; `beyond`: and of what comes after it. */
  async #compare(beyond: boolean): Promise<Compared[]> {
    const { store, topics } = this.#parts
    const found: Compared[] = []
    for (const { road, low } of await this.#places()) {
      const to = this.#filler.placeOf(road, low)
      const from = this.#compared.get(roadKey(road)) ?? 0
      for (const of of tablesOf(road, topics)) {
        if (!this.#state.left.includes(of.table)) continue
        const isAhead = beyond && (await newestOf(store, of)) >= to
        if (to > from || isAhead) found.push(await compareRoad(store, of, isAhead ? { from } : { from, to }))
      }
      this.#compared.set(roadKey(road), to)
    }
    return summed(found)
  }

  #judge(tables: readonly Compared[]): void {
    const fault = tables.find(({ faults }) => faults > 0)
    if (fault !== undefined)
      throw new StoreRebuildError(
        'doubled',
        `${fault.faults} rows are twice in what was made of ${fault.table}: this is a fault of the rebuild; nothing was switched.`,
        'Run it again with --anew.',
      )
    const lost = tables.filter(({ unknown }) => unknown > 0)
    if (lost.length === 0 || this.#options.dropUnknown) return
    const which = lost.map(({ table, unknown }) => `${unknown} of ${table}`).join(', ')
    throw new StoreRebuildError(
      'unknown_rows',
      `The log does not have these rows, or they do not count: ${which}. Nothing was switched.`,
      'Look at them first; with --drop-unknown they are left out. What was filled is kept for the next run.',
    )
  }
}

const moved = (topic: string, partition: number, at: number, goal: number): StoreRebuildError =>
  new StoreRebuildError(
    'offsets_moved',
    `The sink is at ${goal} of ${topic}-${partition}, and the rebuild is at ${at}: somebody moved its offsets back.`,
    'Run it again with --anew.',
  )
