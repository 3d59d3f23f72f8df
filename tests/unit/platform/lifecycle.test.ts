import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { ConfigError } from '../../../platform/config.ts'
import { NikashError } from '../../../platform/errors.ts'
import { type Lifecycle, serve } from '../../../platform/lifecycle.ts'
import { createLog } from '../../../platform/log.ts'

const quiet = createLog({ service: 'test', level: 'silent' })
const options = { service: 'test', log: quiet, stopHookMs: 100, checkMs: 100 }

describe('a service', () => {
  it('stops its parts in reverse order, each once, and a part that fails or hangs does not keep the next', async () => {
    const stopped: string[] = []
    const code = await serve(options, (life) => {
      life.onStop('first', () => stopped.push('first'))
      life.onStop('hanging', () => {
        stopped.push('hanging')
        return new Promise(() => {})
      })
      life.onStop('failing', () => {
        stopped.push('failing')
        throw new Error('no')
      })
      life.onStop('last', () => stopped.push('last'))
      setTimeout(() => {
        life.stop('asked')
        life.stop('asked twice')
      }, 5)
      return Promise.resolve()
    })
    expect(stopped).toEqual(['last', 'failing', 'hanging', 'first'])
    expect(code).toBe(1)
  })

  it('ends with a code that tells why', async () => {
    const failing = (error: Error) => serve(options, () => Promise.reject(error))
    expect(await serve(options, async (life) => life.stop('asked'))).toBe(0)
    expect(await serve(options, async (life) => life.fatal(new Error('broke')))).toBe(1)
    expect(await failing(new Error('a bug'))).toBe(1)
    expect(await failing(new ConfigError(['X is not set']))).toBe(2)
    expect(await failing(new NikashError('BROKER_UNREACHABLE', 'away', { recover: 'retry' }))).toBe(3)
  })

  it('stops what had been started when the start fails', async () => {
    let closed = false
    await serve(options, (life) => {
      life.onStop('database', () => {
        closed = true
      })
      return Promise.reject(new Error('the next part'))
    })
    expect(closed).toBe(true)
  })

  it('answers on the admin port from the start until the end', async () => {
    let redis: Error | undefined
    let life: Lifecycle | undefined
    let port = 0
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return { status: response.status, text: await response.text() }
    }
    const during: number[] = []
    const ended = serve(options, async (started) => {
      life = started
      port = await started.admin(0)
      started.check('redis', () => {
        if (redis) throw redis
      })
      started.check('slow', () => (redis ? new Promise(() => {}) : undefined))
      started.alive('loop', () => {})
      started.metrics.counter('task_events_total', 'Events.').inc(3)
      during.push((await get('/readyz')).status, (await get('/livez')).status)
    })
    while (during.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(during).toEqual([503, 200])
    expect((await get('/readyz')).status).toBe(200)
    expect((await get('/health/ready')).status).toBe(200)
    redis = new Error('redis does not answer')
    const answer = await get('/readyz')
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({
      status: 'unavailable',
      checks: expect.arrayContaining([
        { name: 'redis', ok: false, message: 'redis does not answer' },
        { name: 'slow', ok: false, message: 'slow took longer than 100 ms' },
      ]),
    })
    expect((await get('/livez')).status).toBe(200)
    expect((await get('/metrics')).text).toContain('nikash_task_events_total{service="test"} 3')
    expect((await get('/else')).status).toBe(404)
    life?.stop('end')
    expect(await ended).toBe(0)
    await expect(get('/livez')).rejects.toThrow()
  })

  it('says which port it could not open', async () => {
    let port = 0
    let failure: unknown
    const code = await serve(options, async (life) => {
      port = await life.admin(0)
      failure = await life.admin(port).catch((error: unknown) => error)
      life.stop('end')
    })
    expect(String(failure)).toContain(`127.0.0.1:${port}`)
    expect(code).toBe(0)
  })
})

describe('the process of a service', () => {
  const lifecycle = fileURLToPath(new URL('../../../platform/lifecycle.ts', import.meta.url))
  const run = (body: string, signal?: NodeJS.Signals) =>
    new Promise<{ code: number | null; out: string }>((resolve) => {
      const script = `const { runService } = await import(${JSON.stringify(lifecycle)})
        await runService({ service: 'child' }, async (life) => { ${body} })`
      const child = spawn(process.execPath, ['--input-type=module', '-e', script])
      let out = ''
      child.stdout.on('data', (data: Buffer) => {
        out += data.toString()
        if (signal && data.toString().includes('"ready"')) child.kill(signal)
      })
      child.on('close', (code) => resolve({ code, out }))
    })

  it('stops on SIGTERM with 0', async () => {
    const { code, out } = await run(
      `setInterval(() => {}, 1000); life.onStop('x', () => life.log.info('closed'))`,
      'SIGTERM',
    )
    expect(code).toBe(0)
    expect(out).toContain('"closed"')
  })

  it('treats an error that nobody caught as fatal', async () => {
    const { code, out } = await run(
      `life.onStop('x', () => life.log.info('closed')); setTimeout(() => { void Promise.reject(new Error('lost')) }, 10)`,
    )
    expect(code).toBe(1)
    expect(out).toContain('lost')
    expect(out).toContain('"closed"')
  })
})

describe('what a service shows of itself', () => {
  it('is JSON on the admin port; when it cannot look, the reason and 503', async () => {
    const own: { life?: Lifecycle } = {}
    let [port, broken] = [0, false]
    const ended = serve(options, async (started) => {
      own.life = started
      started.show('/tasks', () => {
        if (broken) throw new Error('the broker is away')
        return Promise.resolve({ tasks: [1, 2] })
      })
      port = await started.admin(0)
    })
    while (port === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const get = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/tasks`)
      return [response.status, await response.json()]
    }
    expect(await get()).toEqual([200, { tasks: [1, 2] }])
    broken = true
    expect(await get()).toEqual([503, { message: 'the broker is away' }])
    own.life?.stop('done')
    expect(await ended).toBe(0)
  })
})
