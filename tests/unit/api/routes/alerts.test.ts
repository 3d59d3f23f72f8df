/** Reads of alerts and their rules over the SQL engine, and commands that are passed on. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import { forwarded } from '../../../../api/http/forward.ts'
import { ApiError, problemOf } from '../../../../api/http/problem.ts'
import type { Services } from '../../../../api/services.ts'
import { BUILT_IN_RULES } from '../../../../schemas/rules/alerts/rules.ts'
import { z } from 'zod'
import { alertRule } from '../../domain/alert-events.ts'
import { settings } from '../../domain/support.ts'
import { cleared, moved, NOON, raised } from '../../sinks/support/alert-records.ts'
import { type ChdbApi, openChdbApi } from '../support/chdb-api.ts'

const ID = 'al-00000000000000000000000000000000'

describe('reads of alerts', () => {
  let api: ChdbApi
  const list = async (query = '') =>
    ((await api.get(`/v1/alerts${query}`, 'acme'))['data'] as { id: string; state: string }[]).map(
      ({ id, state }) => `${id} ${state}`,
    )

  beforeAll(async () => {
    const events = [
      settings('TenantRegistered'),
      alertRule('slow', {
        measure: 'dso',
        window: '30d',
        threshold: '45',
        clearLevel: '40',
        coolDownMinutes: 5,
      }),
      alertRule('slow', { measure: 'dso', window: '90d', threshold: '50', aggregateVersion: 2 }),
      alertRule('cash-flow', {
        measure: 'projectedBalance',
        operator: 'BELOW',
        threshold: '100',
        active: false,
      }),
    ]
    api = await openChdbApi(
      events,
      '2026-11-23T06:00:00Z',
      [],
      [
        raised('al-1'),
        raised('al-2', {
          raisedAt: NOON + 1,
          severity: 'WARNING',
          category: 'PAYMENTS',
          ruleId: 'failed-payment',
          subject: 'P1',
          value: '1.00000000',
        }),
        raised('al-3', { raisedAt: NOON + 86_400_000, asOf: 20_780 }),
        raised('al-4', { tenantId: 'other' }),
        moved('al-2', 'ACKNOWLEDGED'),
        cleared('al-1'),
      ],
    )
  }, 60_000)
  afterAll(() => api.close())

  it('are newest first, with filters and pages, of the tenant alone', async () => {
    expect(await list()).toEqual(['al-3 OPEN', 'al-2 ACKNOWLEDGED', 'al-1 CLEARED'])
    expect(await list('?state=OPEN')).toEqual(['al-3 OPEN'])
    expect(await list('?severity=WARNING')).toEqual(['al-2 ACKNOWLEDGED'])
    expect(await list('?category=CASH_FLOW&to=2026-11-22')).toEqual(['al-1 CLEARED'])
    expect(await list('?ruleId=failed-payment')).toEqual(['al-2 ACKNOWLEDGED'])
    const first = await api.get('/v1/alerts?limit=2', 'acme')
    const { nextCursor } = first['page'] as { nextCursor: string }
    expect(await list(`?limit=2&cursor=${nextCursor}`)).toEqual(['al-1 CLEARED'])
    expect((await api.ask('/v1/alerts?state=NONE', 'acme')).status).toBe(400)
  })

  it('tell all of one', async () => {
    expect(await api.get('/v1/alerts/al-2', 'acme')).toEqual({
      id: 'al-2',
      ruleId: 'failed-payment',
      subject: 'P1',
      state: 'ACKNOWLEDGED',
      severity: 'WARNING',
      category: 'PAYMENTS',
      impact: 'HIGH',
      measure: 'projectedBalance',
      window: null,
      value: '1',
      threshold: '0',
      currency: 'BDT',
      message: 'Cash runs short',
      recommendation: 'Collect',
      inputs: { cash: '5.00' },
      asOf: '2026-11-22',
      raisedAt: '2026-11-22T06:00:00.001Z',
      clearedAt: null,
      movedAt: '2026-11-22T06:01:00.000Z',
      actor: 'user:rahima',
      note: 'calling them',
      escalatedTo: null,
    })
    expect((await api.ask('/v1/alerts/al-4', 'acme')).status).toBe(404)
  })

  it('list the rules that hold: built-in ones, changed ones, and those of the tenant', async () => {
    const rules = (await api.get('/v1/alert-rules', 'acme'))['data'] as Record<string, unknown>[]
    expect(rules).toHaveLength(BUILT_IN_RULES.length + 1)
    expect(rules.filter(({ builtIn }) => builtIn === true)).toHaveLength(BUILT_IN_RULES.length - 1)
    expect(rules.slice(-2)).toMatchObject([
      {
        id: 'cash-flow',
        threshold: '100',
        active: false,
        builtIn: false,
        category: 'CASH_FLOW',
        window: null,
      },
      { id: 'slow', window: '90d', threshold: '50', clearLevel: null, coolDownMinutes: 0, category: 'KPI' },
    ])
    expect(await api.get('/v1/alert-rules', 'nobody')).toMatchObject({
      data: { length: BUILT_IN_RULES.length },
    })
  })
})

describe('commands about alerts', () => {
  let commands: Server
  let front: Server
  const got: { url: string; headers: Record<string, unknown>; body: string }[] = []
  let commandsUrl: string | undefined

  beforeAll(async () => {
    commands = createServer((request, response) => {
      let body = ''
      request.on('data', (part) => (body += String(part)))
      request.on('end', () => {
        got.push({ url: request.url ?? '', headers: request.headers, body })
        response.writeHead(409, { 'content-type': 'application/problem+json', etag: '"3"', 'x-own': 'no' })
        response.end('{"code":"alert_resolved"}')
      })
    })
    await new Promise<void>((resolve) => commands.listen(0, '127.0.0.1', resolve))
    const port = (server: Server) => (server.address() as AddressInfo).port
    commandsUrl = `http://127.0.0.1:${port(commands)}`
    const services = {
      get commandsUrl() {
        return commandsUrl
      },
    } as Services
    const app = express()
    app.use((_request, response, next) => {
      response.locals['principal'] = { tenant: 'acme', subject: 'user:test', role: 'writer' }
      next()
    })
    forwarded(services, {
      path: '/v1/alerts/{id}/resolve',
      tag: 'Alerts',
      summary: '',
      description: '',
      body: z.object({}),
      exists: (tenant, id) =>
        tenant === 'acme' && id === ID
          ? Promise.resolve()
          : Promise.reject(new ApiError('resource_unknown', id)),
    }).mount(app)
    app.use(((error: unknown, _request, response, _next) => {
      const problem = problemOf(error, { instance: '/', requestId: 'test' })
      response.status(problem.status).json(problem)
    }) as express.ErrorRequestHandler)
    front = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => front.once('listening', resolve))
  })
  afterAll(async () => {
    await new Promise((resolve) => front.close(resolve))
    await new Promise((resolve) => commands.close(resolve))
  })
  const post = (id: string, body?: string) =>
    fetch(`http://127.0.0.1:${(front.address() as AddressInfo).port}/v1/alerts/${id}/resolve`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer t',
        'idempotency-key': 'k-1',
        'x-secret': 's',
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body }),
    })

  it('go to the command service as they came, and its answer comes back', async () => {
    const answer = await post(ID, '{"note":"নোট"}')
    expect([answer.status, answer.headers.get('etag'), answer.headers.get('x-own')]).toEqual([
      409,
      '"3"',
      null,
    ])
    expect(await answer.json()).toEqual({ code: 'alert_resolved' })
    expect(got.at(-1)).toMatchObject({
      url: `/v1/alerts/${ID}/resolve`,
      body: '{"note":"নোট"}',
      headers: { authorization: 'Bearer t', 'idempotency-key': 'k-1', 'content-type': 'application/json' },
    })
    expect(got.at(-1)?.headers).not.toHaveProperty('x-secret')
    await post(ID)
    expect(got.at(-1)?.body).toBe('{}')
  })

  it('of an alert that is not there go nowhere', async () => {
    const before = got.length
    expect((await post('al-none')).status).toBe(404)
    expect(got).toHaveLength(before)
  })

  it('are 503 while the command service is away or not known, and 413 when they are too large', async () => {
    expect((await post(ID, 'x'.repeat(20_000))).status).toBe(413)
    const known = commandsUrl
    commandsUrl = 'http://127.0.0.1:9'
    expect(((await (await post(ID)).json()) as { code: string }).code).toBe('commands_unavailable')
    commandsUrl = undefined
    expect((await post(ID)).status).toBe(503)
    commandsUrl = known
  })
})
