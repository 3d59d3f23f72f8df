/**
 * Owns `rebuild redis`: the values of the results made anew beside the live ones, then put in their place, while reads go on.
 * sinks/redis/rebuild.ts has the steps. Refuses: a sink of another stack in the group; keeping the sink of this one down.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { PARTITIONS, TOPICS } from '../../schemas/topics.ts'
import { RedisRebuild, type RedisStep } from '../../sinks/redis/rebuild.ts'
import { RedisServer } from '../../sinks/redis/server.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { whileHeld } from '../local/hold.ts'
import { openStack } from './access.ts'
import { withKafka } from './kafka-access.ts'
import { duration, note, print, printJson } from './output.ts'
import { progressNotes } from './progress.ts'
import { type RebuildOptions, refuseOthers } from './rebuild.ts'

const PART = 'sink-redis'
const GROUP = 'nikash-sink-redis'
const REACH_MS = 10_000

const SAID: Readonly<Record<RedisStep, string>> = {
  begin: '1 begin: keys beside the live ones',
  fill: '2 fill: from the results',
  hold: '3 hold: the sink is stopped; reads go on',
  tail: '4 tail: up to the end',
  switch: '5 switch: the new values of a tenant take the place of the live ones',
  letgo: '6 let go: the sink goes on',
  clean: '7 clean: what the rebuild kept for itself',
}

const reached = async (server: RedisServer): Promise<void> => {
  for (const deadline = Date.now() + REACH_MS; ; await sleep(100)) {
    try {
      await server.ping()
      return
    } catch (cause) {
      if (Date.now() < deadline) continue
      throw new StackError('NO_REDIS', 'Redis does not answer.', 'See ./nikash status.', {
        exitCode: EXIT.partDown,
        cause,
      })
    }
  }
}

export const rebuildRedisStore = (options: RebuildOptions): Promise<ExitCode> => {
  const access = openStack(options)
  return withKafka(options, async ({ port, codec, brokers, redisUrl }) => {
    const server = new RedisServer({ url: redisUrl })
    const admin = await port.admin()
    const part = access.state.parts.find((one) => one.name === PART)
    const hold = <T>(work: () => Promise<T>): Promise<T> => {
      const alone = async (): Promise<T> => {
        await refuseOthers(brokers, 0, GROUP)
        return work()
      }
      return part === undefined ? alone() : whileHeld(access.layout, PART, alone)
    }
    let switches = 0
    const progress = progressNotes('records')
    try {
      await reached(server)
      const rebuild = new RedisRebuild({
        kafka: port,
        admin,
        codec,
        server,
        topic: TOPICS.results,
        partitions: PARTITIONS,
        hold,
        anew: options.anew,
        // Once is enough: there is one for each tenant.
        onStep: (step) => {
          if (step !== 'switch' || switches++ === 0) note(SAID[step])
        },
        onProgress: ({ done, remaining }) => progress(done, remaining),
      })
      if (options.dryRun) {
        const plan = await rebuild.plan()
        if (options.output === 'json') printJson({ dryRun: true, ...plan })
        else {
          print(`${plan.records} records of ${TOPICS.results} would be read.`)
          print('Nothing was changed (--dry-run).')
        }
        return EXIT.fine
      }
      await refuseOthers(brokers, part?.pid == null ? 0 : 1, GROUP)
      const startedMs = Date.now()
      const report = await rebuild.run()
      const tookMs = Date.now() - startedMs
      if (options.output === 'json') printJson({ dryRun: false, seconds: tookMs / 1_000, ...report })
      else
        print(
          `Rebuilt ${report.tenants} tenants in ${duration(tookMs)}: ${report.records} records; the sink stood still for ${duration(report.heldMs)}.`,
        )
      return EXIT.fine
    } finally {
      server.close()
      await admin.close()
    }
  })
}
