/** Owns the process of the canary tenant. */
import path from 'node:path'
import { env, loadConfig } from '../../platform/config.ts'
import { runService } from '../../platform/lifecycle.ts'
import { CANARY_TENANT } from '../../schemas/rules/canary.ts'
import { CommandClient } from '../importers/client.ts'
import { operatorTokens } from '../kernel/service-token.ts'
import { Canary } from './canary.ts'

await runService({ service: 'canary', logLevel: process.env['LOG_LEVEL'] ?? 'info' }, async (life) => {
  const config = loadConfig(
    {
      ADMIN_PORT: env.port(3112),
      COMMANDS_URL: env.url(),
      JWT_ACCESS_SECRET: env.secret(),
      /** Seconds between two rounds. */
      CANARY_SECONDS: env.integer(1, 86_400, 300),
      DATA_DIR: env.optional(),
      LOG_LEVEL: env.logLevel(),
    },
    process.env,
  )
  const { log, metrics } = life
  await life.admin(config.ADMIN_PORT)
  const commands = metrics.counter('canary_commands_total', 'Commands of the canary tenant by outcome.', [
    'outcome',
  ])
  const canary = new Canary({
    client: new CommandClient({
      commandsUrl: config.COMMANDS_URL,
      token: operatorTokens({
        secret: config.JWT_ACCESS_SECRET,
        tenant: CANARY_TENANT.id,
        service: 'canary',
      }),
      patienceMs: 10 * 60_000,
      signal: life.signal,
    }),
    periodMs: config.CANARY_SECONDS * 1_000,
    stateFile: config.DATA_DIR === undefined ? undefined : path.join(config.DATA_DIR, 'canary.json'),
    log,
    nowMs: () => Date.now(),
    onRound: (outcomes) => {
      for (const { status } of outcomes) commands.inc({ outcome: status })
    },
  })
  metrics.gauge('canary_round_newest', 'Newest round that the command service has stored.', [], (gauge) =>
    gauge.set(canary.newest),
  )
  const running = canary.run()
  running.catch((error: unknown) => {
    if (!life.stopping) life.fatal(error)
  })
  life.onStop('canary', async () => {
    canary.stop()
    await running.catch(() => undefined)
  })
})
