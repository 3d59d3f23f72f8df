/**
 * Owns the command service's OpenAPI document, made from the schemas that validate the requests. Refuses: a second list
 * of paths or fields.
 */
import { z } from 'zod'
import { OPERATIONS } from '../kernel/catalogue.ts'
import { STATUSES } from '../kernel/errors.ts'
import type { Operation } from '../kernel/operation.ts'
import { importBatch } from './import-batches.ts'
import { importReferences } from './imports.ts'

const schemaOf = (schema: z.ZodType): object => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

const REFUSALS = {
  400: problem('The request does not fit its schema, or lacks its Idempotency-Key'),
  401: problem('No valid token'),
  403: problem('The role may not do this'),
  404: problem('The tenant or the document does not exist'),
  409: problem('The state does not allow it, the id or number is taken, or the key is in use'),
  412: problem('If-Match names an older version; the problem has the current one'),
  422: problem('A rule refuses it; errors point at the fields'),
  503: problem('The store does not answer: repeat with the same Idempotency-Key after Retry-After'),
}

const parameter = (name: string, required: boolean, description: string) => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string' },
})

function describe(operation: Operation): object {
  const { summary, path, creates, money, role, name } = operation
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
  return {
    operationId: name,
    tags: [path.split('/')[2]],
    summary,
    ...(role === 'operator' ? { description: 'Role operator.' } : {}),
    parameters: [
      ...(path.includes(':id') ? [id] : []),
      parameter(
        'Idempotency-Key',
        money,
        'A new UUID per command; the same one gives the same answer again.',
      ),
      ...(creates
        ? []
        : [parameter('If-Match', false, 'The version that the document must have, as in its ETag.')]),
    ],
    requestBody: {
      required: creates || !path.includes(':id'),
      content: { 'application/json': { schema: schemaOf(operation.schema) } },
    },
    responses: {
      [creates ? 201 : 202]: {
        description: 'Stored. ETag has the version, Location the path on the API.',
        headers: { ETag: { schema: { type: 'string' } }, Location: { schema: { type: 'string' } } },
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Accepted' } } },
      },
      ...REFUSALS,
    },
  }
}

const batch = {
  operationId: 'import-batches',
  tags: ['import-batches'],
  summary: 'Many commands at once, each decided and stored by itself; repeating a batch changes nothing',
  requestBody: { required: true, content: { 'application/json': { schema: schemaOf(importBatch) } } },
  responses: {
    200: { description: 'One result per item: accepted, exists, refused (with a problem) or failed' },
    ...REFUSALS,
  },
}

const importPath = (operationId: string, summary: string, names: readonly string[]) => ({
  get: {
    operationId,
    tags: ['imports'],
    summary,
    parameters: names.map((name) => ({
      name,
      in: name === 'id' ? 'path' : 'query',
      required: name === 'id',
      schema: { type: 'string' },
    })),
    responses: {
      200: { description: 'As named' },
      401: REFUSALS[401],
      403: REFUSALS[403],
      404: REFUSALS[404],
    },
  },
})

const imports = {
  '/v1/imports': importPath('imports', 'Imports that were run: when, and how many events', ['cursor']),
  '/v1/imports/{id}': importPath('import', 'One import, and how many events took it back', ['id']),
  '/v1/imports/{id}/created': importPath(
    'import-created',
    'What an import created, newest first, as it is now; part=documents or masters',
    ['id', 'part', 'cursor'],
  ),
  '/v1/imports/references': {
    post: {
      operationId: 'import-references',
      tags: ['imports'],
      summary: 'Which of many customers, vendors, products and accounts are not there',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(importReferences) } },
      },
      responses: { 200: { description: 'Those that are missing' }, ...REFUSALS },
    },
  },
}

export function openApiDocument(): object {
  const paths: Record<string, object> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path.replaceAll(/:(\w+)/g, '{$1}')] = { post: describe(operation) }
  }
  paths['/v1/import-batches'] = { post: batch }
  Object.assign(paths, imports)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Nikash commands',
      version: '1.0.0',
      description:
        'Every command is stored as events, or refused and stores nothing. The tenant comes from the token alone. Money is decimal text, plain or with its currency; dates are days of the tenant. Reads are on the API.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: {
        Accepted: {
          type: 'object',
          required: ['id', 'version', 'position'],
          properties: { id: { type: 'string' }, version: { type: 'integer' }, position: { type: 'integer' } },
        },
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'code'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { enum: Object.keys(STATUSES) },
            detail: { type: 'string' },
            currentVersion: { type: 'integer' },
            rule: { type: 'string', description: "The tenant's own validation rule that refused." },
            errors: {
              type: 'array',
              items: {
                type: 'object',
                properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
              },
            },
          },
        },
      },
    },
  }
}
