/** The API process: environment in, server up, stopped in order. */
import { env, loadConfig, redacted } from '../platform/config.ts'
import { runService } from '../platform/lifecycle.ts'
import { CONFIG } from './config.ts'
import { startApi } from './server.ts'

const { data: logLevel = 'info' } = env.logLevel().safeParse(process.env['LOG_LEVEL'])

await runService({ service: 'api', logLevel }, async (life) => {
  const config = loadConfig(CONFIG, process.env)
  life.log.info({ config: redacted(config) }, 'starting')
  await life.admin(config.ADMIN_PORT)
  const api = await startApi({ config, log: life.log, metrics: life.metrics })
  life.onStop('api', () => api.close())
  for (const check of api.checks) life.check(check.name, check.run)
  life.log.info({ port: api.port }, 'listening')
})
