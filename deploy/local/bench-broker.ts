/**
 * Owns a broker for one measurement: the stack's own Kafka, alone, in a folder that is deleted afterwards. Refuses: the
 * stack's topics. Its own settings: the longest transaction that it allows (a peer asks for ten minutes), and Kafka's
 * default wait for members of a new group, so that processes that start together begin together.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inheritedFrom } from './environment.ts'
import { StackError } from './errors.ts'
import { commandFor } from './launcher.ts'
import type { StackContext } from './part.ts'
import { kafkaPart } from './parts/kafka.ts'
import { layoutOf } from './paths.ts'
import { HOST, PORT_SPAN, portsFor, urlsFor } from './ports.ts'
import { isPortOpen } from './processes.ts'
import { loadSecrets } from './secrets.ts'

export interface BenchBroker {
  readonly brokers: string
  readonly folder: string
  stop(): Promise<void>
}

const FIRST_BASE = 23_000
const BASES_TRIED = 20
const HEALTH_PAUSE_MS = 200
const SETTINGS = 'transaction.max.timeout.ms=900000\ngroup.initial.rebalance.delay.ms=3000\n'

async function freePorts(): Promise<ReturnType<typeof portsFor>> {
  for (let nth = 0; nth < BASES_TRIED; nth++) {
    const ports = portsFor(FIRST_BASE + nth * PORT_SPAN)
    const taken = await Promise.all([isPortOpen(ports.kafka), isPortOpen(ports.kafkaController)])
    if (!taken.includes(true)) return ports
  }
  throw new StackError(
    'PORT_TAKEN',
    `No free ports for a broker between ${FIRST_BASE} and ${FIRST_BASE + BASES_TRIED * PORT_SPAN}.`,
    'Stop what listens there.',
  )
}

export async function startBenchBroker(say: (line: string) => void): Promise<BenchBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'nikash-bench-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const layout = layoutOf(folder)
    const ports = await freePorts()
    const secrets = loadSecrets(layout.secrets)
    const context: StackContext = {
      layout,
      ports,
      secrets,
      urls: urlsFor(ports, secrets),
      speed: 1,
      canarySeconds: 0,
      inherited: inheritedFrom(process.env),
    }
    const part = kafkaPart(ports)
    const launch = await part.prepare(context, say)
    appendFileSync(launch.args.at(-1) as string, SETTINGS)
    const { file, args, options } = await commandFor(launch, part.stopSignal)
    const log = openSync(join(folder, 'kafka.log'), 'a')
    const child = spawn(file, args, {
      ...options,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const stop = async (): Promise<void> => {
      // Nothing of it is kept, so nothing has to be closed well.
      child.kill('SIGKILL')
      await ended
      remove()
    }
    const untilMs = performance.now() + part.healthTimeoutMs
    for (;;) {
      try {
        await part.check(context)
        return { brokers: `${HOST}:${ports.kafka}`, folder, stop }
      } catch (cause) {
        if (performance.now() < untilMs && child.exitCode === null) {
          await new Promise((resolve) => setTimeout(resolve, HEALTH_PAUSE_MS))
          continue
        }
        await stop()
        throw new StackError(
          'KAFKA_DOWN',
          'The broker of the measurement did not start.',
          'Run ./nikash doctor.',
          {
            cause,
          },
        )
      }
    }
  } catch (error) {
    remove()
    throw error
  }
}
