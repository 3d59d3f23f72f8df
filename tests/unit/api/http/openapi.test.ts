/** The document of the API: valid, complete, and made of what is mounted. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { Router } from 'express'
import { openApiDocument } from '../../../../api/http/openapi.ts'
import type { Operation } from '../../../../api/http/operation.ts'
import { PROBLEMS } from '../../../../api/http/problem.ts'
import { CLOSE, ERROR } from '../../../../api/live/close-codes.ts'
import { operationsOf } from '../../../../api/routes/index.ts'
import type { Services } from '../../../../api/services.ts'

interface Described {
  operationId: string
  summary: string
  security: object[]
  parameters?: { name: string; in: string; required?: boolean; schema: object }[]
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, object>; securitySchemes: object }
}

const never = (): never => {
  throw new Error('a document is made without asking a store')
}
// Handlers are not called here: an empty set of services is enough.
const services = { demoToken: never, commandsUrl: undefined, now: never } as unknown as Services

let operations: readonly Operation[]
let document: Document
let all: (readonly [name: string, operation: Described])[]

beforeAll(() => {
  operations = operationsOf(services)
  document = JSON.parse(JSON.stringify(openApiDocument(operations, undefined))) as Document
  all = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, one]) => [`${method} ${template}`, one] as const),
  )
})

const mounted = (): string[] => {
  const router = Router()
  for (const operation of operations) operation.mount(router)
  return router.stack.flatMap(({ route }) => {
    const methods = (route as unknown as { methods: Record<string, boolean> } | undefined)?.methods ?? {}
    return Object.keys(methods).map((method) => `${method} ${String(route?.path).replace(/:(\w+)/g, '{$1}')}`)
  })
}

describe('/openapi.json', () => {
  it('has every mounted route and no other', () => {
    expect(all.map(([name]) => name).sort()).toEqual(mounted().sort())
    expect(all.length).toBeGreaterThanOrEqual(20)
  })

  it('says of each operation what an answer and a refusal look like', () => {
    expect(document.openapi).toBe('3.1.1')
    expect(new Set(all.map(([, { operationId }]) => operationId)).size).toBe(all.length)
    for (const [name, operation] of all) {
      expect([name, operation.summary.length > 5]).toEqual([name, true])
      expect([
        name,
        Object.keys((operation.responses['200'] ?? operation.responses['202'])?.content ?? {}),
      ]).toEqual([name, ['application/json']])
      expect([name, Object.keys(operation.responses['400']?.content ?? {})]).toEqual([
        name,
        ['application/problem+json'],
      ])
      const isPublic = name === 'post /v1/demo-session'
      expect([name, operation.security]).toEqual([name, isPublic ? [] : [{ bearer: [] }]])
      expect([name, '401' in operation.responses]).toEqual([name, !isPublic])
    }
  })

  it('declares every part of a path', () => {
    for (const [name, operation] of all) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, part]) => part)
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path')
      expect([name, declared.map((one) => one.name)]).toEqual([name, inPath])
      expect(declared.every((one) => one.required === true)).toBe(true)
    }
  })

  it('refers only to schemas that it has', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)]
    expect(references.length).toBeGreaterThan(20)
    for (const [, name] of references) expect(Object.keys(document.components.schemas)).toContain(name)
  })

  it('never shows money as a number', () => {
    expect(document.components.schemas['Money']).toMatchObject({ properties: { amount: { type: 'string' } } })
  })

  it('takes the tenant from nowhere but the token', () => {
    for (const [name, operation] of all) {
      const named = (operation.parameters ?? []).map((one) => one.name.toLowerCase())
      expect([name, named.filter((one) => one.includes('tenant'))]).toEqual([name, []])
    }
  })
})

const page = (file: string) =>
  readFileSync(path.resolve(import.meta.dirname, '../../../../docs', file), 'utf8')
const rows = (text: string) =>
  [...text.matchAll(/^\| (\d{3,4}) \| ([^|]+) \|/gm)].map(([, code, what]) => [Number(code), what?.trim()])

describe('docs/sockets.md', () => {
  it('lists exactly the codes that are sent', () => {
    const listed = rows(page('sockets.md'))
    const closes = Object.values(CLOSE).map(({ code, reason }) => [code, reason])
    const errors = Object.values(ERROR).map(({ code }) => code)
    expect(listed.filter(([code]) => Number(code) >= 1_000)).toEqual(closes)
    expect(listed.filter(([code]) => Number(code) < 1_000).map(([code]) => code)).toEqual(errors)
  })
})

describe('docs/api.md', () => {
  it('names every operation', () => {
    const text = page('api.md')
    for (const operation of operations) {
      if (operation.path === '/v1/demo-session' || operation.path.endsWith('/{id}')) continue
      expect(text).toContain(operation.path)
    }
  })
})

describe('problem codes', () => {
  it('have a status of an error and a sentence', () => {
    for (const [code, { status, doc }] of Object.entries(PROBLEMS)) {
      expect([code, status >= 400 && status < 600, doc.endsWith('.')]).toEqual([code, true, true])
    }
  })
})
