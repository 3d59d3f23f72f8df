/**
 * One seed of the crash matrix: workers over a broker in memory, a few troubles one after the other, then the check of
 * everything that readers can find. The seed chooses the troubles and the input; timers of the process choose the rest.
 * K1: a trap springs only while input is uncommitted, and a seed whose trap never sprang fails. K2: the first trouble
 * of seed s is a kill at step s, so that every step has its share. K3: nothing is counted but what has happened.
 */
import { NikashError } from '../../../platform/errors.ts'
import type { CallName } from '../../../platform/kafka/memory/port.ts'
import { FIRST_EPOCH, Task } from '../../../processors/runtime/task.ts'
import { RESTORE_STEPS, type Step, STEPS } from '../../../processors/runtime/steps.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { partitionOf } from '../../../schemas/values/partition.ts'
import { Cluster, codec, GROUP, PARTITIONS, random, type Started, topics } from './cluster.ts'
import { wrongs } from './crash-checker.ts'
import { again, feed, ID_HORIZON_MS } from './crash-feed.ts'
import type { History } from './crash-history.ts'
import { failed, RANK, TOYS } from './toy.ts'

export const KINDS = [
  'kill',
  'frozen zombie',
  'rejoined zombie',
  'rebalance',
  'cut off',
  'duplicates',
  'produced twice',
  'partition in trouble',
] as const
export type Kind = (typeof KINDS)[number]

export interface Trouble {
  readonly kind: Kind
  readonly step: Step
  readonly nth: number
}

/** Where an owner may be stopped with a commit under way. */
const UNDER_WAY: readonly Step[] = ['cut', 'begun', 'produced', 'written', 'offsets']
const CALLS: readonly CallName[] = ['init', 'begin', 'txnSend', 'sendOffsets', 'commitTxn', 'committed']
const SESSION_MS = 8_001
const WAIT_MS = 15_000
const FEEDS = 60

export function planOf(seed: number): readonly Trouble[] {
  const next = random(seed * 7919 + 1)
  const any = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T
  const troubles: Trouble[] = [
    { kind: 'kill', step: STEPS[seed % STEPS.length] as Step, nth: 1 + (seed % 2) },
  ]
  for (let i = 0; i < 2; i++) {
    const kind = any(KINDS)
    const step = kind === 'kill' ? any(STEPS) : any(UNDER_WAY)
    troubles.push({ kind, step, nth: 1 + Math.floor(next() * 3) })
  }
  return troubles
}

export interface Outcome {
  readonly seed: number
  readonly plan: readonly Trouble[]
  /** Kills by step and other troubles by kind, each of which found work under way. */
  readonly happened: readonly string[]
  readonly wrong: readonly string[]
  readonly trace: readonly string[]
  readonly ms: number
}

export async function runSeed(seed: number): Promise<Outcome> {
  const started = performance.now()
  const plan = planOf(seed)
  const run = new Run(seed)
  const wrong: string[] = []
  try {
    for (const trouble of plan) await run.suffer(trouble)
    wrong.push(...(await run.finish()))
  } catch (error) {
    wrong.push(`${(error as Error).message}; the workers: ${run.state()}`)
  } finally {
    await run.close()
  }
  return { seed, plan, happened: run.happened, trace: run.trace, wrong, ms: performance.now() - started }
}

interface Trap {
  readonly step: Step
  left: number
  readonly victim: Started | undefined
  readonly spring: (me: Started) => void | Promise<void>
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export class Run {
  readonly cluster = new Cluster({ ownClock: true })
  readonly happened: string[] = []
  /** What happened, line by line. */
  readonly trace: string[] = []
  readonly #next: () => number
  readonly #failures: Error[] = []
  #trap: Trap | undefined
  /** Id of the process that is started next, when it is a restart. */
  #restarts: string | undefined

  constructor(seed: number) {
    this.#next = random(seed + 1)
  }

  #tell(line: string): void {
    const places = Array.from({ length: PARTITIONS }, (_, p) => {
      const { offset, metadata } = this.cluster.broker.committed(GROUP, topics.events, p)
      return `${offset} (${metadata}) of ${this.cluster.broker.log(topics.events, p).next}`
    })
    this.trace.push(`${line}; committed ${places.join(', ')}`)
  }

  get #living(): Started[] {
    return this.cluster.all.filter(({ dead }) => !dead)
  }

  state(): string {
    return JSON.stringify(
      this.#living.map(({ id, worker, fatal }) => [id, worker.status(), fatal.map(String)]),
    )
  }

  async suffer({ kind, step, nth }: Trouble): Promise<void> {
    const { cluster } = this
    this.trace.push(`--- ${kind} at ${step}:${nth}`)
    feed(cluster, this.#next, 8)
    const before = this.happened.length
    if (kind === 'kill') await this.#killAt(step, nth)
    else if (kind === 'frozen zombie') await this.#frozen(step, nth)
    else if (kind === 'rejoined zombie') await this.#rejoined(step, nth)
    else if (kind === 'rebalance') await this.#rebalance()
    else if (kind === 'cut off') await this.#cutOff()
    else if (kind === 'partition in trouble') await this.#inTrouble()
    else {
      await this.#owner()
      for (let p = 0; p < PARTITIONS; p++) {
        const log = cluster.read(topics.events, p)
        again(cluster, kind === 'produced twice' ? log : log.filter(() => this.#next() < 0.3))
      }
      this.happened.push(kind)
    }
    if (this.happened.length === before) throw new Error(`${kind} at ${step} did not happen`)
  }

  /** Starts a worker and does not wait for it: it may die on the way. */
  #start(topologies: readonly Topology[] = TOYS): Started {
    const id = this.#restarts
    this.#restarts = undefined
    const known = this.cluster.all.length
    this.cluster
      .start({
        failpoint: (step, me) => this.#step(step, me),
        topologies,
        ...(id === undefined ? {} : { id }),
        tell: (line) => this.trace.push(line),
        options: {
          checkpointEveryMs: 1,
          idHorizonMs: ID_HORIZON_MS,
          uncommittedRecordsMax: 200,
        },
      })
      .catch((error: Error) => this.#failures.push(error))
    const mine = this.cluster.all[known] as Started
    // Calls take their time, now and then.
    mine.port.onCall = () => (this.#next() < 0.25 ? pause(0) : undefined)
    return mine
  }

  async #step(step: Step, me: Started): Promise<void> {
    this.#tell(`${me.id}: ${step}`)
    const trap = this.#trap
    const mine = trap?.step === step && (trap.victim === undefined || trap.victim === me)
    // K1.
    if (trap && mine && !me.dead && this.cluster.working && --trap.left <= 0) {
      this.#trap = undefined
      await trap.spring(me)
    } else if (this.#next() < 0.3) await pause(0)
  }

  async #owner(): Promise<Started> {
    const owner = this.#living[0] ?? this.#start()
    await this.#until('an owner', () => this.#living.some(({ worker }) => worker.status().length > 0))
    return owner
  }

  /** Feeds until the trap has sprung. */
  async #catch(trap: Trap): Promise<void> {
    this.#trap = trap
    await this.#feedWhile(`a trap at ${trap.step}`, () => this.#trap === trap)
  }

  /** Input comes on while something is waited for, a lot at first, then when none is left. */
  async #feedWhile(what: string, waiting: () => boolean): Promise<void> {
    const end = performance.now() + WAIT_MS
    for (let tries = 0; waiting(); tries++) {
      if (performance.now() > end) throw new Error(`waited ${WAIT_MS} ms for: ${what}`)
      if (tries < FEEDS || !this.cluster.working) feed(this.cluster, this.#next, 1 + (tries % 3))
      await pause(tries % 2)
    }
  }

  async #killAt(step: Step, nth: number): Promise<void> {
    const restoring = (RESTORE_STEPS as readonly Step[]).includes(step)
    if (restoring) for (const one of this.#living) this.#die(one)
    const victim = restoring ? this.#start() : undefined
    if (!restoring) await this.#owner()
    const spring = (me: Started): void => {
      this.#die(me)
      this.happened.push(`kill at ${step}`)
    }
    await this.#catch({ step, left: Math.min(nth, restoring ? PARTITIONS : nth), victim, spring })
  }

  /** A process stopped in the middle of a commit, past its session; another one goes on; then it wakes up. */
  async #frozen(step: Step, nth: number): Promise<void> {
    const { cluster } = this
    await this.#owner()
    let zombie: Started | undefined
    const spring = (me: Started): void => {
      zombie = me
      me.port.freeze()
      this.#pass(SESSION_MS)
    }
    await this.#catch({ step, left: nth, victim: undefined, spring })
    if (this.#living.length < 2) this.#start()
    feed(cluster, this.#next, 5)
    await this.#until('the heir has caught up', () => cluster.caughtUp())
    feed(cluster, this.#next, 5)
    if (this.#next() < 0.5) await this.#until('the heir goes on', () => cluster.caughtUp())
    zombie?.port.thaw()
    await this.#settled('the zombie is a member again')
    this.happened.push(`frozen zombie`)
  }

  /** Its commit hangs on the way while its process lives, loses the membership and joins again; then it goes on. */
  async #rejoined(step: Step, nth: number): Promise<void> {
    const { cluster } = this
    await this.#owner()
    if (this.#next() < 0.5) {
      this.#start()
      await this.#settled('two members')
    }
    let release = (): void => undefined
    let zombie: Started | undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const spring = (me: Started): Promise<void> => {
      zombie = me
      return held
    }
    await this.#catch({ step, left: nth, victim: undefined, spring })
    const me = zombie as unknown as Started
    const before = membersOf(me)
    const carried = me.worker.status().flatMap(({ partition }) => {
      const share = me.worker.runner(partition)?.inflight
      return share === undefined ? [] : [share.membership.memberId]
    })
    if (carried.length === 0) throw new Error(`nothing was in flight at ${step}`)
    cluster.broker.expire(me.port)
    // An heir of part of its partitions, or nobody: then all come back to it.
    feed(cluster, this.#next, 5)
    const newer = (): boolean => {
      const now = membersOf(me)
      return now.size > 0 && [...now].every((member) => !before.has(member))
    }
    await this.#until(
      'it joined again',
      () => newer() || (membersOf(me).size === 0 && this.#living.length > 1),
    )
    feed(cluster, this.#next, 5)
    await pause(Math.floor(this.#next() * 40))
    release()
    await this.#settled('all is well after the older commit')
    await this.#until('caught up', () => cluster.caughtUp())
    this.happened.push('rejoined zombie')
  }

  async #rebalance(): Promise<void> {
    const { cluster } = this
    await this.#owner()
    for (const one of this.#living.slice(1)) this.#die(one)
    const guest = this.#start()
    feed(cluster, this.#next, 10)
    const shared = (): boolean => this.#living.every(({ worker }) => worker.status().length > 0)
    await this.#until('the guest has a partition', () => guest.worker.status().length > 0 && shared())
    feed(cluster, this.#next, 10)
    if (this.#next() < 0.5) await this.#until('caught up', () => cluster.caughtUp())
    if (!cluster.working) feed(cluster, this.#next, 5)
    if (this.#next() < 0.5) {
      guest.dead = true
      await guest.worker.stop()
    } else this.#die(guest)
    this.happened.push('rebalance')
  }

  /** Calls that fail before or after their effect. */
  async #cutOff(): Promise<void> {
    const { cluster } = this
    const owner = await this.#owner()
    const call = CALLS[Math.floor(this.#next() * CALLS.length)] as CallName
    const when = this.#next() < 0.5 ? 'before' : 'after'
    let left = 1 + Math.floor(this.#next() * 3)
    const usual = owner.port.onCall
    owner.port.onCall = (name, phase) => {
      // An outcome is asked for, and a producer started, only after a failure.
      const wanted = name === call || (name === 'commitTxn' && ['init', 'committed'].includes(call))
      if (!wanted || phase !== when || left <= 0 || !cluster.working) return usual?.(name, phase)
      left--
      throw new NikashError('cut_off', `${name} was cut off`, { recover: 'retry' })
    }
    await this.#feedWhile(`a call of ${call}`, () => left > 0)
    owner.port.onCall = usual
    this.happened.push('cut off')
  }

  /** A build that misuses the engine on one partition: the other goes on, and a good build finds all as it was. */
  async #inTrouble(): Promise<void> {
    const { cluster } = this
    for (const one of this.#living) this.#die(one)
    const mine = (tenant: string): boolean => tenant !== '~' && partitionOf(tenant, PARTITIONS) === 0
    const [tally, ...rest] = TOYS as [Topology, ...Topology[]]
    const bad: Topology = {
      ...tally,
      onEvent: (event, ctx) => {
        if (mine(event.data.tenantId)) ctx.store({ ...RANK, name: 'nowhere' })
        tally.onEvent(event, ctx)
      },
    }
    const worker = this.#start([bad, ...rest])
    for (const tenantId of ['acme', 'beta', 'gamma', 'delta']) cluster.append(failed({ tenantId }))
    const state = (partition: number) => worker.worker.status().find((one) => one.partition === partition)
    await this.#until('partition 0 stopped', () => state(0)?.state === 'failed')
    for (const tenantId of ['acme', 'beta', 'gamma', 'delta']) cluster.append(failed({ tenantId }))
    await this.#until('partition 1 goes on', () => cluster.committed(1) >= cluster.end(1))
    if (cluster.committed(0) >= cluster.end(0)) throw new Error('partition 0 went on')
    await this.#until('partition 1 runs', () => state(1)?.state === 'running')
    if (this.#next() < 0.5) this.#die(worker)
    else {
      worker.dead = true
      await worker.worker.stop()
    }
    this.happened.push('partition in trouble')
  }

  /**
   * SIGKILL. Either the session runs out (and its transaction, whose time is shorter), or the process is back at once
   * under its own id and seat.
   */
  #die(one: Started): void {
    one.dead = true
    one.port.kill()
    if (this.#living.length === 0 && this.#next() < 0.5) {
      this.#restarts = one.id
      this.cluster.broker.expire(one.port)
    } else this.#pass(SESSION_MS)
    this.#tell(`${one.id} is killed${this.#restarts === undefined ? '' : ', and starts again'}`)
  }

  /** Lets the time of sessions and transactions pass. */
  #pass(ms: number): void {
    this.cluster.clockMs = (this.cluster.clockMs ?? 0) + ms
    this.cluster.broker.sweep()
  }

  #settled(what: string): Promise<void> {
    return this.#until(what, () => {
      const tasks = this.#living.flatMap(({ worker }) => worker.status())
      return tasks.length === PARTITIONS && this.#living.every(({ worker }) => worker.whole)
    })
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    const end = performance.now() + WAIT_MS
    while (!condition()) {
      if (this.#failures[0]) throw this.#failures[0]
      const fatal = this.#living.flatMap((one) => one.fatal)
      if (fatal[0]) throw new Error(`a worker ended: ${fatal[0].message}`)
      if (performance.now() > end) throw new Error(`waited ${WAIT_MS} ms for: ${what}`)
      await pause(1)
    }
  }

  /** Ends the run; what is wrong with its tasks and its history. */
  async finish(): Promise<string[]> {
    const { cluster } = this
    await this.#owner()
    // What the dead left open ends with its time.
    this.#pass(SESSION_MS)
    feed(cluster, this.#next, 6)
    await this.#until('caught up', () => cluster.caughtUp())
    await this.#settled('all partitions run')
    await this.#until('caught up', () => cluster.caughtUp())
    const wrong = this.#states()
    await cluster.stop()
    return [...wrong, ...wrongs(historyOf(cluster))]
  }

  /** Byte-equal state: what the tasks came to on their ways, against one pass over the log. */
  #states(): string[] {
    return this.#living.flatMap(({ worker }) =>
      worker.status().flatMap(({ partition }) => {
        const task = worker.runner(partition)?.task
        if (task === undefined) return [`partition ${partition} has no task`]
        const single = new Task({
          topologies: TOYS,
          codec,
          topics,
          partition,
          partitions: PARTITIONS,
          idHorizonMs: ID_HORIZON_MS,
        })
        for (const record of this.cluster.read(topics.events, partition)) single.fold(record)
        const [mine, right] = [task, single].map(({ state }) => [...state.canonical()])
        return (right ?? []).flatMap(([store, bytes], i) =>
          mine?.[i]?.[1].equals(bytes) ? [] : [`partition ${partition}: store ${store} has other bytes`],
        )
      }),
    )
  }

  async close(): Promise<void> {
    // A seed that failed may have workers that cannot stop.
    for (const { port, dead } of this.cluster.all) if (!dead) port.kill()
    await Promise.resolve()
  }
}

const membersOf = ({ worker }: Started): Set<string> =>
  new Set(worker.status().flatMap(({ partition }) => worker.runner(partition)?.membership.memberId ?? []))

export function historyOf(cluster: Cluster): History {
  const { events, checkpoints, results, resultsDlq, eventsDlq, late } = topics
  const names = [events, checkpoints, results, resultsDlq, eventsDlq, late, TOPICS.alerts, TOPICS.history]
  return {
    group: GROUP,
    topics: { events, checkpoints },
    epoch: FIRST_EPOCH,
    idHorizonMs: ID_HORIZON_MS,
    partitions: Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      log: cluster.read(events, partition),
      results: cluster.read(results, partition),
      resultsDlq: cluster.read(resultsDlq, partition),
      alerts: cluster.read(TOPICS.alerts, partition),
      history: cluster.read(TOPICS.history, partition),
      dlq: cluster.read(eventsDlq, partition),
      late: cluster.read(late, partition),
      checkpoints: cluster.read(checkpoints, partition),
      committed: cluster.broker.committed(GROUP, events, partition),
      checkpointed: cluster.broker.committed(GROUP, checkpoints, partition),
      ends: names.map((topic) => {
        const { stable, next } = cluster.broker.log(topic, partition)
        return { topic, stable, end: next }
      }),
    })),
  }
}

/** Runs seeds, some at the same time: most of a seed is waiting. */
export async function runSeeds(seeds: readonly number[], atOnce: number): Promise<readonly Outcome[]> {
  const left = [...seeds]
  const outcomes: Outcome[] = []
  const lane = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) outcomes.push(await runSeed(seed))
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return outcomes.sort((a, b) => a.seed - b.seed)
}
