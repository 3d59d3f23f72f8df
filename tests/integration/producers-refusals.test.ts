/** What the command service refuses: forged tokens, roles, bodies, paths; and what it says while its store is away. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { SignJWT } from 'jose'
import { describeStack } from '../support/stack.ts'
import { prepareStore, Service, Tenant } from './producers-harness.ts'

describeStack(
  'the command service refuses',
  ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'],
  (stack) => {
    let one: Service
    beforeAll(async () => {
      await prepareStore(stack)
      one = await Service.open(stack)
    })
    afterAll(() => one.close())

    const claims = { tenant: 'books', role: 'writer' }
    const sign = (change: { secret?: string; header?: object; payload?: object; expires?: number }) =>
      new SignJWT({
        ...claims,
        iss: 'nikash',
        aud: 'nikash',
        sub: 'me',
        exp: change.expires ?? Math.floor(Date.now() / 1000) + 60,
        ...change.payload,
      })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...change.header })
        .sign(new TextEncoder().encode(change.secret ?? stack.jwtAccessSecret))
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

    it.each<[string, () => Promise<string>]>([
      ['another secret', () => sign({ secret: 'x'.repeat(32) })],
      ['expired', () => sign({ expires: Math.floor(Date.now() / 1000) - 60 })],
      ['without expiry', () => sign({ payload: { exp: undefined } })],
      ['another audience', () => sign({ payload: { aud: 'else' } })],
      ['another issuer', () => sign({ payload: { iss: 'else' } })],
      ['another kind of token', () => sign({ header: { typ: 'JWT' } })],
      ['without a tenant', () => sign({ payload: { tenant: undefined } })],
      ['the tenant of broadcasts', () => sign({ payload: { tenant: '~' } })],
      ['the tenant of the relay', () => sign({ payload: { tenant: '*' } })],
      ['an unknown role', () => sign({ payload: { role: 'root' } })],
      [
        'alg none',
        () =>
          Promise.resolve(
            `${part({ alg: 'none', typ: 'at+jwt' })}.${part({ ...claims, sub: 'me', iss: 'nikash', aud: 'nikash', exp: 9_999_999_999 })}.`,
          ),
      ],
      ['no token at all', () => Promise.resolve('')],
    ])('a token: %s', async (_what, make) => {
      const token = await make()
      const answer = await one.send('POST', '/v1/customers', {
        body: { name: 'x' },
        ...(token ? { token } : {}),
      })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        401,
        expect.stringContaining('application/problem+json'),
      ])
    })

    it('readers, writers at what is for operators, and tenants that do not exist', async () => {
      const send = async (role: 'reader' | 'writer' | 'operator', path: string, body: object) => {
        const answer = await one.send('POST', path, { token: await one.token('no-such-tenant', role), body })
        return [answer.status, answer.body.code]
      }
      expect(await send('reader', '/v1/customers', { name: 'x' })).toEqual([403, 'role_refused'])
      expect(await send('writer', '/v1/tenants', { id: 'mine' })).toEqual([403, 'role_refused'])
      expect(await send('writer', '/v1/reference/fx-rates', {})).toEqual([403, 'role_refused'])
      expect(await send('writer', '/v1/customers', { name: 'x' })).toEqual([404, 'tenant_not_found'])
    })

    it('bodies that are too large, broken, or not JSON; and paths that are nothing', async () => {
      const tenant = await Tenant.open(one, 'bodies')
      const send = async (raw: string, headers: Record<string, string> = {}) => {
        const answer = await one.send('POST', '/v1/customers', { token: tenant.token, raw, headers })
        return [answer.status, answer.body.code]
      }
      expect(await send(JSON.stringify({ name: 'x'.repeat(300_000) }))).toEqual([413, 'body_too_large'])
      expect(await send('{"name":')).toEqual([400, 'malformed_json'])
      expect(await send('name=x', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
        415,
        'media_type_unsupported',
      ])
      expect(await send('{"name":"x","tenantId":"other"}')).toEqual([400, 'validation_failed'])
      expect((await one.send('GET', '/v1/invoices', { token: tenant.token })).body.code).toBe(
        'method_not_allowed',
      )
      expect((await one.send('POST', '/v1/nothing', { token: tenant.token, body: {} })).body.code).toBe(
        'not_found',
      )
      const wrong = await tenant.post('/v1/invoices', {
        customerId: 'c',
        lines: [{ unitPrice: '1.00' }, { unitPrice: '1,00' }],
      })
      expect(wrong.body['errors']).toEqual([{ pointer: '/lines/1/unitPrice', detail: expect.any(String) }])
    })

    it('commands while the store is away, saying when to come again', async () => {
      const away = await Service.open({ ...stack, databaseUrl: 'postgresql://nobody:x@127.0.0.1:1/none' })
      try {
        const answer = await away.send('POST', '/v1/customers', {
          token: await away.token('acme'),
          body: { name: 'x' },
        })
        expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([
          503,
          'unavailable',
          '1',
        ])
        expect((await away.send('GET', '/readyz')).status).toBe(503)
        expect((await away.send('GET', '/livez')).status).toBe(200)
      } finally {
        await away.close()
      }
    })

    it('nothing that its OpenAPI document does not name: paths, schemas and codes are the ones in use', async () => {
      const { body } = await one.send('GET', '/openapi.json')
      const document = body as unknown as {
        paths: Record<string, { post: { requestBody: { content: Record<string, { schema: object }> } } }>
        components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } }
      }
      expect(Object.keys(document.paths)).toEqual(
        expect.arrayContaining([
          '/v1/invoices',
          '/v1/invoices/{id}/approve',
          '/v1/payments/{id}/reverse',
          '/v1/import-batches',
        ]),
      )
      const invoice = document.paths['/v1/invoices']?.post.requestBody.content['application/json']?.schema
      expect(invoice).toMatchObject({
        additionalProperties: false,
        required: ['customerId', 'lines'],
        properties: { invoiceDate: { format: 'date' } },
      })
      expect(document.components.schemas.Problem.properties.code.enum).toContain('allocation_exceeds_open')
    })
  },
)
