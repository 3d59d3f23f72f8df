/**
 * /docs: the API reference in a browser, from files of our own; /docs/problems: every problem code; /openapi.json and
 * /asyncapi.json for tools. Owns their content security policy. Refuses assets from elsewhere.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { type Response, Router } from 'express'
import express from 'express'
import { PROBLEMS } from './problem.ts'

const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const
const folder = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

/** Generated from schemas/avro (schemas/catalogue.ts). */
const asyncApi = readFileSync(new URL('../../schemas/generated/asyncapi.json', import.meta.url), 'utf8')

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nikash API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<p><a href="/openapi.json">/openapi.json</a> · <a href="/asyncapi.json">/asyncapi.json</a> (events on Kafka) ·
<a href="/docs/problems">problems</a></p>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis] })
`

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

const problemsPage = (): string => {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, doc }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(doc)}</td></tr>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Problems</title></head><body>
<h1>Problems</h1><table><tr><th>code</th><th>status</th><th>meaning</th></tr>
${rows.join('\n')}
</table></body></html>
`
}

/** The reference sets styles on its elements, so styles may be inline; scripts may not. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export function docs(document: object): Router {
  const router = Router()
  const html = (response: Response, text: string) => {
    response.setHeader('Content-Security-Policy', CSP)
    response.type('html').send(text)
  }
  router.get('/openapi.json', (_request, response) => {
    response.setHeader('Cache-Control', 'no-cache')
    response.json(document)
  })
  router.get('/asyncapi.json', (_request, response) => {
    response.setHeader('Cache-Control', 'no-cache')
    response.type('json').send(asyncApi)
  })
  router.get('/docs', (_request, response) => html(response, PAGE))
  router.get('/docs/problems', (_request, response) => html(response, problemsPage()))
  router.get('/docs/start.js', (_request, response) => {
    response.type('js').send(START)
  })
  for (const file of FILES) {
    router.get(`/docs/${file}`, (_request, response) =>
      response.sendFile(path.join(folder, file), { maxAge: '1h' }),
    )
  }
  return router
}

const PAGE_MISSING = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Nikash</title></head><body>
<h1>Nikash</h1><p>The page is not built yet: run <code>npm run build:page</code> and start again.</p>
<p><a href="/docs">API reference</a></p></body></html>
`

/** The page's files; hashed names under /assets never change. */
export function page(dist: string): Router {
  const router = Router()
  router.use(
    '/assets',
    express.static(path.join(dist, 'assets'), {
      immutable: true,
      maxAge: '365d',
      index: false,
      redirect: false,
    }),
  )
  router.use(express.static(dist, { index: 'index.html', maxAge: 0, redirect: false }))
  router.get('/', (_request, response) => {
    response.type('html').send(PAGE_MISSING)
  })
  return router
}
