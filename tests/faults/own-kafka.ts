/**
 * A Kafka of a test's own, started as `./nikash up` starts its broker, so that the test may kill it. Its port base lies
 * beside those of stacks, its folder is temporary, and it ends with the test process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandFor } from '../../deploy/local/launcher.ts'
import type { StackContext } from '../../deploy/local/part.ts'
import { kafkaPart } from '../../deploy/local/parts/kafka.ts'
import { layoutOf } from '../../deploy/local/paths.ts'
import { portsFor, urlsFor } from '../../deploy/local/ports.ts'
import { loadSecrets } from '../../deploy/local/secrets.ts'
import { inheritedFrom } from '../../deploy/local/environment.ts'

const START_MS = 60_000

/** Two ports that nobody listens on now. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()]
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    ports.push(typeof address === 'object' && address ? address.port : 0)
  }
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return [ports[0] as number, ports[1] as number]
}

export class OwnKafka {
  readonly brokers: string
  readonly #folder: string
  readonly #context: StackContext
  #child: ChildProcess | undefined

  private constructor(folder: string, [kafka, kafkaController]: readonly [number, number]) {
    const layout = layoutOf(folder)
    const ports = { ...portsFor(20_000), kafka, kafkaController }
    const secrets = loadSecrets(layout.secrets)
    this.#folder = folder
    this.#context = {
      layout,
      ports,
      secrets,
      urls: urlsFor(ports, secrets),
      speed: 1,
      canarySeconds: 0,
      inherited: inheritedFrom(process.env),
    }
    this.brokers = `127.0.0.1:${kafka}`
  }

  static async start(): Promise<OwnKafka> {
    const kafka = new OwnKafka(mkdtempSync(join(tmpdir(), 'nikash-own-kafka-')), await freePorts())
    await kafka.start()
    return kafka
  }

  /** Also after a kill: the data is still there. */
  async start(): Promise<void> {
    const part = kafkaPart(this.#context.ports)
    const launch = await part.prepare(this.#context, () => undefined)
    const env = { ...this.#context.inherited, ...launch.env }
    const { file, args, options } = await commandFor({ ...launch, env }, 'SIGTERM')
    const log = openSync(join(this.#folder, 'kafka.log'), 'a')
    const child = spawn(file, [...args], { ...options, stdio: ['ignore', log, log] })
    this.#child = child
    const end = performance.now() + START_MS
    for (;;) {
      if (child.exitCode !== null)
        throw new Error(`the broker ended with ${child.exitCode}, see ${this.#folder}`)
      const error = await part.check(this.#context).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (error === undefined) return
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** The batches that lie in the log of a partition, aborted ones and markers too: what a reader is not shown. */
  batches(topic: string, partition: number): string {
    const file = join(this.#context.layout.kafka, 'logs', `${topic}-${partition}`, '00000000000000000000.log')
    if (!existsSync(file)) return `${topic}-${partition}: no log`
    const bytes = readFileSync(file)
    const lines: string[] = []
    for (let at = 0; at + 61 <= bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
      const from = bytes.readBigInt64BE(at)
      const to = from + BigInt(bytes.readInt32BE(at + 23))
      const control = (bytes.readInt16BE(at + 21) & 0x20) !== 0
      // Of a marker's key (int16 version, int16 kind), behind the head and four bytes of the record: 0 = abort, 1 = commit.
      const what = control ? (bytes.readInt16BE(at + 68) === 0 ? 'ABORT' : 'COMMIT') : 'records'
      const when = new Date(Number(bytes.readBigInt64BE(at + 35))).toISOString()
      const producer = `producer ${bytes.readBigInt64BE(at + 43)} epoch ${bytes.readInt16BE(at + 51)}`
      lines.push(`${topic}-${partition} ${from}-${to} ${what}, ${producer}, ${when}`)
    }
    return lines.join('\n')
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
