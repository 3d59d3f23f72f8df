/** /openapi.json, made from the operations that are mounted, so that it can't differ from what is served. */
import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi'
import type { Operation } from './operation.ts'

const DESCRIPTION = `Reads of Nikash. Every figure says its day (asOf), money is decimal text with its currency, and the
tenant comes from the token alone. Live figures: docs/sockets.md.`

export function openApiDocument(operations: readonly Operation[], commandsUrl: string | undefined): object {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'HS256, typ at+jwt, iss and aud nikash; claims sub, tenant, role (reader or writer), exp.',
  })
  for (const operation of operations) operation.describe(registry)
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.1',
    info: {
      title: 'Nikash API',
      version: '1.0.0',
      description: commandsUrl ? `${DESCRIPTION} Commands are taken by the command service.` : DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
  })
}
