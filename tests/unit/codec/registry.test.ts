import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createBreakers } from '../../../platform/breaker.ts'
import { ALL_TYPES, fullName, SCHEMAS } from '../../../schemas/codec/avro-types.ts'
import { handClock } from '../../support/hand-clock.ts'
import { isPassing, openRegistry, type SchemaRegistryPort } from '../../../schemas/registry.ts'

interface Call {
  readonly method: string
  readonly path: string
  readonly body: unknown
}
type Answer = { status: number; body: unknown } | 'hang'

/** A registry that answers by the rules of the test and writes down what it was asked. */
class FakeRegistry {
  readonly calls: Call[] = []
  #server: Server | undefined

  async open(answer: (call: Call) => Answer): Promise<string> {
    this.#server = createServer((request, response) => {
      let text = ''
      request.on('data', (data: Buffer) => {
        text += data.toString()
      })
      request.on('end', () => {
        const body: unknown = text === '' ? null : JSON.parse(text)
        const call = { method: request.method ?? '', path: decodeURIComponent(request.url ?? ''), body }
        this.calls.push(call)
        const given = answer(call)
        if (given === 'hang') return
        response.writeHead(given.status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
        response.end(JSON.stringify(given.body))
      })
    })
    const server = this.#server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`
  }

  close(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }
}

const quick = { timeoutMs: 200, tries: 2, pauseMs: 5 }
const rule = { compatibilityLevel: 'FULL_TRANSITIVE' }
const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: { code?: string; recover?: string }) => `${error.code} ${error.recover}`,
  )

describe('the schema registry', () => {
  let fake = new FakeRegistry()
  afterEach(() => {
    fake.close()
    fake = new FakeRegistry()
  })
  const open = async (answer: (call: Call) => Answer): Promise<SchemaRegistryPort> =>
    openRegistry(`${await fake.open(answer)}/`, quick)

  it('gets the rule of a subject before its first schema', async () => {
    const registry = await open(({ method, path }) => {
      if (path.startsWith('/config/')) return { status: 200, body: rule }
      return method === 'POST' ? { status: 200, body: { id: 5 } } : { status: 404, body: {} }
    })
    expect([...(await registry.registerAll()).keys()]).toEqual(ALL_TYPES)
    const subject = fullName('InvoiceCreated')
    const mine = fake.calls.filter((call) => call.path.includes(`/${subject}`))
    expect(mine[0]).toEqual({
      method: 'PUT',
      path: `/config/${subject}`,
      body: { compatibility: 'FULL_TRANSITIVE' },
    })
    const post = mine.find((call) => call.method === 'POST')
    expect(post?.path).toBe(`/subjects/${subject}/versions`)
    expect(JSON.parse(String((post?.body as { schema?: string } | undefined)?.schema))).toEqual(
      SCHEMAS.InvoiceCreated,
    )
    expect(mine.at(-1)).toBe(post)
  })

  it('gets the rule right after the first schema where it has rules for known subjects alone', async () => {
    const known = new Set<string>()
    const registry = await open(({ method, path }) => {
      const subject = path.split('/')[2] ?? ''
      if (path.startsWith('/config/'))
        return known.has(subject) ? { status: 200, body: rule } : { status: 404, body: {} }
      if (method === 'POST') known.add(subject)
      return { status: 200, body: { id: 5 } }
    })
    await registry.registerAll()
    const tick = fake.calls.filter((call) => call.path.includes(fullName('Tick'))).map((call) => call.method)
    expect(tick).toEqual(['PUT', 'POST', 'PUT'])
  })

  it('names the subject of a schema that does not fit its earlier versions', async () => {
    const registry = await open(({ path }) =>
      path.startsWith('/config/')
        ? { status: 200, body: rule }
        : { status: 409, body: { message: 'field removed' } },
    )
    const failure = await registry.registerAll().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'schema_incompatible', recover: 'stop' })
    expect(String(failure)).toContain(fullName(ALL_TYPES[0] ?? 'Tick'))
    expect(String(failure)).toContain('field removed')
  })

  it('tells a schema that is not registered from a registry that is not there', async () => {
    const registry = await open(() => ({
      status: 404,
      body: { error_code: 40403, message: 'Schema not found' },
    }))
    expect(await codeOf(registry.idOf('Tick'))).toBe('schema_not_registered stop')
    expect(await registry.fetchSchema(7)).toBeNull()
    fake.close()
    expect(await codeOf(registry.idOf('Tick'))).toBe('registry_unreachable retry')
    expect(await codeOf(registry.fetchSchema(7))).toBe('registry_unreachable retry')
    expect(await codeOf(registry.ping())).toBe('registry_unreachable retry')
  })

  it('tries again what may pass, and no more often than it says', async () => {
    let left = 1
    const registry = await open(() =>
      left-- > 0
        ? { status: 503, body: {} }
        : { status: 200, body: { schema: JSON.stringify(SCHEMAS.Tick) } },
    )
    expect(await registry.fetchSchema(1)).toEqual(SCHEMAS.Tick)
    left = 99
    fake.calls.length = 0
    expect(await codeOf(registry.fetchSchema(1))).toBe('registry_unreachable retry')
    expect(fake.calls).toHaveLength(2)
  })

  it('does not wait for ever for one that is silent', async () => {
    const registry = await open(() => 'hang')
    const from = performance.now()
    expect(await codeOf(registry.idOf('Tick'))).toBe('registry_unreachable retry')
    expect(await codeOf(registry.registerAll())).toBe('registry_unreachable retry')
    expect(performance.now() - from).toBeLessThan(3_000)
  })

  it('that fails again and again is left alone behind a breaker, and asked again when it is back', async () => {
    let down = true
    const clock = handClock()
    const url = await fake.open(() => (down ? { status: 503, body: {} } : { status: 200, body: [] }))
    const options = { failures: 3, halfOpenMs: 2_000, isFailure: isPassing }
    const guard = createBreakers().guard('registry', options)
    const registry = openRegistry(url, { ...quick, tries: 1, guard })
    const answers = []
    for (let i = 0; i < 6; i++) answers.push(await codeOf(registry.ping()))
    expect(answers).toEqual(Array.from({ length: 6 }, () => 'registry_unreachable retry'))
    expect(fake.calls).toHaveLength(3)
    down = false
    clock.advance(2_000)
    expect([await codeOf(registry.ping()), await codeOf(registry.ping()), fake.calls.length]).toEqual([
      'no error',
      'no error',
      5,
    ])
    clock.restore()
  })

  it('that says no has answered: its breaker stays closed', async () => {
    const url = await fake.open(() => ({ status: 404, body: {} }))
    const guard = createBreakers().guard('registry', { failures: 1, isFailure: isPassing })
    const registry = openRegistry(url, { ...quick, guard })
    for (let i = 0; i < 3; i++) expect(await registry.fetchSchema(7)).toBeNull()
    for (let i = 0; i < 3; i++) expect(await codeOf(registry.idOf('Tick'))).toBe('schema_not_registered stop')
  })
})
