/**
 * What the engine does by itself when what it stands on fails: Kafka killed, the registry away, the clock stepped. Each
 * time it goes on without help, says what happened, and readers see what a single pass would have written.
 */
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals'
import { Clock, lastQuarter } from '../../producers/clock/clock.ts'
import { messageOf } from '../../deploy/local/errors.ts'
import { createLog } from '../../platform/log.ts'
import { TEST_CODEC } from '../../processors/runtime/testing/driver.ts'
import { runtimeTopics } from '../../processors/runtime/topics.ts'
import { MemoryRegistry } from '../../schemas/codec/memory-registry.ts'
import { DLQ_HEADERS } from '../../schemas/topics.ts'
import { describeStack } from '../support/stack.ts'
import { failed, reversed } from '../topology/runtime/toy.ts'
import { EngineRun, pause, until } from './engine-run.ts'
import { OwnKafka } from './own-kafka.ts'
import { checkRun } from './check-run.ts'

const STEPPED_CLOCK = fileURLToPath(new URL('./stepped-clock.ts', import.meta.url))
const HOUR = 3_600_000

/** The registry's call for the schema of an id, over the ids of TEST_CODEC; can go away and come back. */
class OwnRegistry {
  readonly #registry = new MemoryRegistry()
  #server: Server | undefined
  #port = 0
  readonly asked: number[] = []

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    await this.#registry.registerAll()
    const server = createServer((request, response) => {
      const id = Number(/\/schemas\/ids\/(\d+)/.exec(request.url ?? '')?.[1])
      this.asked.push(id)
      void this.#registry.fetchSchema(id).then((schema) => {
        response.writeHead(schema === null ? 404 : 200, {
          'content-type': 'application/vnd.schemaregistry.v1+json',
        })
        response.end(
          JSON.stringify(schema === null ? { error_code: 40_403 } : { schema: JSON.stringify(schema) }),
        )
      })
    })
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    const address = server.address()
    this.#port = typeof address === 'object' && address ? address.port : 0
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }
}

describeStack('the engine recovers by itself', ['kafkaBrokers'], () => {
  let kafka: OwnKafka
  let run: EngineRun | undefined
  beforeAll(async () => {
    kafka = await OwnKafka.start()
  }, 90_000)
  afterEach(async () => {
    await run?.close()
    run = undefined
  })
  afterAll(() => kafka?.close())

  it('from a kill -9 of Kafka, with the same processes, once the broker is back', async () => {
    run = await new EngineRun({ brokers: kafka.brokers, name: 'broker', partitions: 4 }).open()
    const r = run
    const members = [r.member({ instanceId: 'a' }), r.member({ instanceId: 'b' })]
    r.load(600)
    await until('both share', () => members.every((one) => one.partitions.length === 2))
    await pause(1_000)
    const before = await Promise.all([0, 1, 2, 3].map((p) => r.committed(p)))
    await kafka.kill()
    await pause(4_000)
    await kafka.start()
    const backAt = Date.now()
    await until('every partition went on', async () => {
      if ((await r.lag()) === undefined) return false
      const now = await Promise.all([0, 1, 2, 3].map((p) => r.committed(p)))
      return now.every((offset, p) => offset > (before[p] ?? 0))
    })
    const onMs = Date.now() - backAt
    await r.quiet()
    await until('caught up', () => r.idle())
    process.stdout.write(
      `kill -9 of Kafka, back after 4 s: all partitions went on ${onMs} ms after it answered\n`,
    )
    expect(members.map(({ standing }) => standing)).toEqual(['running', 'running'])
    for (const { said } of members) {
      expect(said).toContain('the coordinator of the group does not answer')
      expect(said).toContain('the coordinator of the group answers again')
    }
    await checkRun(r).catch((error: unknown) => {
      const logs = [0, 1, 2, 3].flatMap((p) => [r.alerts, r.topics.results].map((t) => kafka.batches(t, p)))
      const said = members.map((one, i) => `process ${i}: ${one.said}`)
      throw new Error([messageOf(error), ...said, ...logs].join('\n'), { cause: error })
    })
  }, 150_000)

  it('from a registry that is away: known schemas flow, a partition that meets an unknown one waits for it', async () => {
    const registry = new OwnRegistry()
    await registry.start()
    run = await new EngineRun({ brokers: kafka.brokers, name: 'registry', partitions: 4 }).open()
    const r = run
    const worker = r.member({ instanceId: 'a', registryUrl: registry.url })
    const everywhere = () => [0, 1, 2, 3].flatMap((p) => r.eventsFor(p, failed))
    await r.send(everywhere())
    await until('caught up', async () => (await r.lag()) === 0)
    await registry.stop()
    await r.send([...everywhere(), ...everywhere()])
    await until('known schemas flow', async () => (await r.lag()) === 0)
    expect(worker.said).not.toContain('a schema could not be fetched')

    await r.send([...r.eventsFor(1, reversed), ...everywhere()])
    await until('it says so', () =>
      worker.said.includes('a schema could not be fetched, the partition waits'),
    )
    await until('the others went on', async () => (await r.lag()) === 2)
    await r.send(r.eventsFor(2, failed))
    await until('the others go on', async () => (await r.lag()) === 2)
    await registry.start()
    await until('the one that waited goes on', () => r.idle())
    expect(worker.said).toContain('the schema is there, the partition goes on')
    expect(worker.running).toBe(true)
    for (const partition of [0, 1, 2, 3]) expect(await r.read(r.topics.eventsDlq, partition)).toEqual([])
    await checkRun(r)
    await registry.stop()
  }, 60_000)

  it('from a clock that is an hour ahead, then an hour behind: its ticks are refused, then ignored', async () => {
    const topics = runtimeTopics()
    run = await new EngineRun({ brokers: kafka.brokers, name: 'clock', partitions: 10, topics }).open()
    const r = run
    const stepped = { nodeArgs: ['--import', STEPPED_CLOCK], env: { CLOCK_STEPS_MS: `${HOUR},${-HOUR}` } }
    const members = ['a', 'b'].map((instanceId) => r.member({ instanceId }, stepped))
    /** One tick of a clock whose machine's time is so far off. */
    const tickOf = async (offMs: number): Promise<void> => {
      let ticked = (): void => {}
      const done = new Promise<void>((resolve) => {
        ticked = resolve
      })
      const nowMs = (): number => Date.now() + offMs
      const log = createLog({ service: 'clock', level: 'silent' })
      const encoder = { encode: (type: 'Tick', value: object) => TEST_CODEC.encode(type, value as never) }
      const clock = new Clock({ kafka: r.port, encoder, nowMs, log, onTick: ticked })
      const running = clock.run()
      await done
      clock.stop()
      await running
    }
    r.load(400)
    await until('both share', () => members.every((one) => one.partitions.length === 5))
    await tickOf(0)
    for (const [offMs, said] of [
      [HOUR, `the clock is ${HOUR} ms off`],
      [-HOUR, `the clock is ${-HOUR} ms off`],
    ] as const) {
      for (const { child } of members) child.kill('SIGUSR2')
      await until('the clocks are stepped', () => members.every((one) => one.said.includes(said)))
      await tickOf(offMs)
      await pause(500)
    }
    await r.quiet()
    await until('caught up', () => r.idle())
    for (let partition = 0; partition < 10; partition++) {
      const letters = await r.read(topics.eventsDlq, partition)
      const codes = letters.map(({ headers }) => String(headers[DLQ_HEADERS.code]))
      expect(codes.filter((code) => code === 'tick_ahead')).toHaveLength(1)
      // Log time went by the broker's clock: no timer an hour away fired, no result is of the future or the past.
      expect(await r.read(r.history, partition)).toEqual([])
      const results = (await r.read(topics.results, partition)).map(({ value }) => TEST_CODEC.decode(value))
      const last = results.at(-1)
      const logTime = last?.ok && last.type === 'KpiResult' ? last.data.logTime : 0
      expect(Math.abs(logTime - Date.now())).toBeLessThan(HOUR / 2)
      expect(logTime).toBeGreaterThanOrEqual(lastQuarter(Date.now()) - HOUR / 2)
    }
    expect(members.map(({ standing }) => standing)).toEqual(['running', 'running'])
    expect(
      members.some(({ said }) => said.includes('a commit failed {"partitions"') && said.includes('fatal')),
    ).toBe(false)
    await checkRun(r)
  }, 60_000)
})
