/**
 * The catalogues: writes docs/events.md (for people) and schemas/generated/asyncapi.json (for tools; the API serves it at
 * /asyncapi.json) from schemas/avro and the topics, and docs/kpis.md from schemas/rules/kpis. `node schemas/catalogue.ts` writes, with `--check` it exits 1 when a
 * file on disk differs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { asyncApiDocument } from './catalogue/asyncapi.ts'
import { kpisPage } from './catalogue/kpis-page.ts'
import { eventsPage } from './catalogue/page.ts'

const FILES = [
  ['docs/events.md', eventsPage],
  ['docs/kpis.md', kpisPage],
  ['schemas/generated/asyncapi.json', () => `${JSON.stringify(asyncApiDocument(), null, 1)}\n`],
] as const

const onDisk = (url: URL): string => {
  try {
    return readFileSync(url, 'utf8')
  } catch {
    return ''
  }
}

for (const [file, make] of FILES) {
  const url = new URL(`../${file}`, import.meta.url)
  const text = make()
  if (!process.argv.includes('--check')) writeFileSync(url, text)
  else if (onDisk(url) !== text) {
    console.error(`${file} differs from schemas/: run \`npm run generate\` and commit.`)
    process.exitCode = 1
  }
}
