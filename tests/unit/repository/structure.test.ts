/**
 * The repository's rules that a machine can check: who may import whom, which folders are pure, where the environment
 * is read. Each rule names what to do instead. The checker itself is tested on made-up files below.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const FOLDERS = ['schemas', 'platform', 'producers', 'processors', 'sinks', 'api', 'deploy'] as const
type Folder = (typeof FOLDERS)[number]

const MAY_IMPORT: Readonly<Record<Folder, readonly Folder[]>> = {
  schemas: [],
  platform: ['schemas'],
  producers: ['schemas', 'platform'],
  processors: ['schemas', 'platform'],
  sinks: ['schemas', 'platform'],
  api: ['schemas', 'platform', 'sinks'],
  deploy: ['schemas', 'platform', 'producers', 'processors', 'sinks', 'api'],
}
const PURE = ['schemas/values/', 'schemas/rules/', 'processors/domain/', 'processors/runtime/window/']
/** Pure by itself: the vocabulary between the engine and the folds (types, and the error by which a fold refuses). */
const PURE_TARGETS = [...PURE, 'schemas/generated/', 'processors/runtime/topology.ts']
const PURE_PACKAGES = new Set(['decimal.js', 'temporal-polyfill'])
const IMPURE = [
  [
    /\bDate\.now\s*\(|\bnew Date\(\s*\)|\bTemporal\.Now\b|\bperformance\.now\b/,
    'reads the clock: take the time as an argument',
  ],
  [/\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, 'uses randomness: take the bytes as an argument'],
  [/\bprocess\.|\bfetch\s*\(|\bconsole\./, 'does I/O: move it to the edge'],
] as const
const ENVIRONMENT_READERS =
  /(^|\/)([a-z-]+-)?main\.ts$|^deploy\/|^platform\/config\.ts$|\/(migrate|register)\.ts$|^schemas\/register\.ts$/

interface Source {
  readonly file: string
  readonly text: string
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '$1')
}

export function violationsOf({ file, text: raw }: Source): string[] {
  const text = withoutComments(raw)
  const found: string[] = []
  const folder = file.split('/')[0] as Folder
  const pure = PURE.some((p) => file.startsWith(p))
  for (const match of text.matchAll(/(?:from\s+|import\s*\(\s*|^import\s+)['"]([^'"]+)['"]/gm)) {
    const specifier = match[1] ?? ''
    if (!specifier.startsWith('.')) {
      if (pure && !PURE_PACKAGES.has(specifier)) found.push(`${file}: a pure file imports ${specifier}`)
      continue
    }
    const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier))
    const other = target.split('/')[0] as Folder
    if (other === folder || !FOLDERS.includes(other)) {
      if (other === ('tests' as Folder)) found.push(`${file}: product code imports from tests/`)
    } else if (!MAY_IMPORT[folder].includes(other)) {
      found.push(
        `${file}: ${folder}/ may not import ${other}/ (${specifier}); see "Who may import whom" in CONTRIBUTING.md`,
      )
    } else if (folder === 'api' && other === 'sinks' && !target.endsWith('/contract.ts')) {
      found.push(`${file}: api/ may import only contract.ts of a sink, not ${specifier}`)
    }
    if (pure && !PURE_TARGETS.some((p) => target.startsWith(p))) {
      found.push(`${file}: a pure file imports ${specifier}, which is not pure`)
    }
  }
  if (pure) for (const [pattern, why] of IMPURE) if (pattern.test(text)) found.push(`${file}: ${why}`)
  if (/\bprocess\.env\b/.test(text) && !ENVIRONMENT_READERS.test(file)) {
    found.push(`${file}: reads process.env; only a main.ts does, through platform/config.ts`)
  }
  return found
}

function sources(folder: string): Source[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .filter((file) => /\.tsx?$/.test(file) && !/\/(node_modules|dist)\//.test(file))
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }))
}

describe('the repository', () => {
  it('imports only in the allowed direction, keeps pure folders pure and reads the environment in main files', () => {
    const all = FOLDERS.flatMap(sources)
    expect(all.length).toBeGreaterThan(20)
    expect(all.flatMap(violationsOf)).toEqual([])
  })

  it('has no file that is deferred to later', () => {
    const marks = FOLDERS.flatMap(sources).filter(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text))
    expect(marks.map((s) => s.file)).toEqual([])
  })
})

describe('the checker of these rules', () => {
  it.each([
    ['schemas/values/x.ts', "import { y } from '../../platform/log.ts'"],
    ['platform/x.ts', "import { y } from '../producers/main.ts'"],
    ['processors/x.ts', "import { y } from '../sinks/redis/contract.ts'"],
    ['api/x.ts', "import { y } from '../sinks/redis/writer.ts'"],
    ['api/x.ts', "const y = await import('../producers/main.ts')"],
    ['processors/domain/x.ts', "import { readFileSync } from 'node:fs'"],
    ['processors/domain/x.ts', 'export const t = () => Date.now()'],
    ['schemas/rules/x.ts', 'export const r = () => Math.random()'],
    ['schemas/rules/x.ts', "import { y } from '../codec/avro-types.ts'"],
    ['sinks/redis/writer.ts', 'const url = process.env.REDIS_URL'],
    ['producers/x.ts', "import { y } from '../tests/support/stack.ts'"],
  ])('objects to %s: %s', (file, text) => {
    expect(violationsOf({ file, text })).not.toEqual([])
  })

  it('accepts what is allowed', () => {
    const text =
      "import { TOPICS } from '../schemas/topics.ts'\nimport { keys } from '../sinks/redis/contract.ts'"
    expect(violationsOf({ file: 'api/x.ts', text })).toEqual([])
    expect(violationsOf({ file: 'sinks/main.ts', text: 'loadConfig(process.env)' })).toEqual([])
    expect(
      violationsOf({
        file: 'schemas/rules/x.ts',
        text: "// Date.now() is not used here\nimport { Decimal } from 'decimal.js'",
      }),
    ).toEqual([])
  })
})
