/**
 * Health for probes on the API port: alive = the event loop answers; ready = the stores behind the reads do, and the
 * process is not stopping. Liveness never depends on a store: an outage must not restart every process.
 */
import { type RequestHandler, Router } from 'express'

export interface Check {
  readonly name: string
  readonly run: () => Promise<void>
}

const CHECK_MS = 2_000

async function stateOf({ run }: Check): Promise<'up' | 'down'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), CHECK_MS)
  })
  try {
    await Promise.race([run(), late])
    return 'up'
  } catch {
    return 'down'
  } finally {
    clearTimeout(timer)
  }
}

export function health(checks: readonly Check[], isStopping: () => boolean): Router {
  const info = async () => {
    const states = await Promise.all(checks.map(async (check) => [check.name, await stateOf(check)] as const))
    return Object.fromEntries(states)
  }
  const live: RequestHandler = async (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.json({ status: 'ok', info: await info() })
  }
  const alive: RequestHandler = (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.json({ status: 'ok' })
  }
  const ready: RequestHandler = async (_request, response) => {
    const states = await info()
    const ok = !isStopping() && Object.values(states).every((state) => state === 'up')
    response.setHeader('Cache-Control', 'no-store')
    response.status(ok ? 200 : 503).json({ status: ok ? 'ok' : 'unavailable', info: states })
  }
  const router = Router()
  router.get('/livez', alive)
  router.get('/health/live', live)
  router.get('/readyz', ready)
  router.get('/health/ready', ready)
  return router
}
