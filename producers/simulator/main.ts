/** Owns the process of the demo company. */
import path from 'node:path'
import { env, loadConfig } from '../../platform/config.ts'
import { runService } from '../../platform/lifecycle.ts'
import { CommandClient } from '../importers/client.ts'
import { operatorTokens } from '../kernel/service-token.ts'
import { TENANT } from './company.ts'
import { Simulator } from './simulator.ts'

await runService({ service: 'demo', logLevel: process.env['LOG_LEVEL'] ?? 'info' }, async (life) => {
  const config = loadConfig(
    {
      ADMIN_PORT: env.port(3108),
      COMMANDS_URL: env.url(),
      JWT_ACCESS_SECRET: env.secret(),
      /** 1 = about a dozen small sales a minute at first; 0 = none beside the plan. */
      SPEED: env.text('1'),
      DEMO_SEED: env.integer(0, 2_147_483_647, 1971),
      DATA_DIR: env.optional(),
      LOG_LEVEL: env.logLevel(),
    },
    process.env,
  )
  const { log, metrics } = life
  await life.admin(config.ADMIN_PORT)
  const speed = Number(config.SPEED)
  if (!(speed >= 0 && speed <= 1_000))
    throw new Error(`SPEED is ${config.SPEED}: it must be a number from 0 to 1000`)
  const commands = metrics.counter('demo_commands_total', 'Commands of the demo company by outcome.', [
    'outcome',
  ])
  const client = new CommandClient({
    commandsUrl: config.COMMANDS_URL,
    token: operatorTokens({ secret: config.JWT_ACCESS_SECRET, tenant: TENANT.id, service: 'demo' }),
    patienceMs: 10 * 60_000,
    signal: life.signal,
  })
  const simulator = new Simulator({
    client,
    seed: config.DEMO_SEED,
    speed,
    stateFile: config.DATA_DIR === undefined ? undefined : path.join(config.DATA_DIR, 'demo.json'),
    log,
    nowMs: () => Date.now(),
    onSent: (outcomes) => {
      for (const { status } of outcomes) commands.inc({ outcome: status })
    },
  })
  const running = simulator.run()
  running.catch((error: unknown) => {
    if (!life.stopping) life.fatal(error)
  })
  life.onStop('demo company', async () => {
    simulator.stop()
    await running.catch(() => undefined)
  })
})
