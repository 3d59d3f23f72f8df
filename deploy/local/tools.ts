/**
 * Owns the programs of the local stack that come from Maven: fetched once per clone, pinned, verified. Refuses: a file
 * whose hash is not the one in tools.lock.json, wherever it came from.
 *
 * W1  a tool's folder exists only when it is whole: it is filled under another name and renamed at the end.
 * W2  each `up` compares the size of every file with the folder's own list; a missing or cut-off file means the tool
 *     is fetched again, never that it is tried.
 * W3  a bad copy in the user's Maven cache is not trusted twice: the second attempt uses an empty cache of our own.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { messageOf, StackError } from './errors.ts'
import { TOOLS_DIR } from './paths.ts'
import { readZipEntry } from './zip.ts'

const run = promisify(execFile)
const POM = new URL('pom.xml', import.meta.url).pathname
const LOCK = new URL('tools.lock.json', import.meta.url)
/** 2.8 copies an artifact without reading its parent pom; 3.x insists on it, and mirrors do not always have it. */
const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:2.8'
const FETCH_TIMEOUT_MS = 10 * 60_000
const MANIFEST = '.whole.json'

export type ToolName = 'kafka' | 'registry' | 'redis'
type Manifest = { readonly files: Readonly<Record<string, number>> }
type Lock = Readonly<Record<string, string>>
type Recipe = {
  readonly version: string
  readonly size: string
  /** Fills `target` with the tool's files, from artifacts that Maven puts into `download`. */
  readonly fill: (download: string, target: string) => Promise<void>
  readonly artifacts: readonly string[] | 'pom'
}

/**
 * Kafka is not 4.3.0-4.4.0: there a broker that comes back after a kill, and is the only replica, forgets the commit
 * markers it had not written yet, so that committed records stay hidden (KAFKA-20734; docs/operators.md).
 */
export const TOOL_VERSIONS = { kafka: '4.2.2', registry: '3.0.9', redis: '6.2' } as const

const REDIS_BINARIES: Readonly<Record<string, string>> = {
  'linux-x64': 'redis-server-6.2.6-v5-linux-amd64',
  'linux-arm64': 'redis-server-6.2.7-linux-arm64',
  'darwin-x64': 'redis-server-6.2.6-v5-darwin-amd64',
  'darwin-arm64': 'redis-server-6.2.6-v5-darwin-arm64',
}

const onlyFile = (folder: string): string => {
  const [name, ...others] = readdirSync(folder)
  if (name === undefined || others.length > 0) throw new Error(`expected one file in ${folder}`)
  return join(folder, name)
}

const RECIPES: Readonly<Record<ToolName, Recipe>> = {
  kafka: {
    version: TOOL_VERSIONS.kafka,
    size: '46 MB',
    artifacts: 'pom',
    fill: async (download, target) => {
      cpSync(download, target, { recursive: true })
    },
  },
  registry: {
    version: TOOL_VERSIONS.registry,
    size: '109 MB',
    artifacts: [`io.apicurio:apicurio-registry-app:${TOOL_VERSIONS.registry}:tar.gz:all`],
    fill: async (download, target) => {
      await run('tar', ['-xzf', onlyFile(download), '-C', target])
    },
  },
  redis: {
    version: TOOL_VERSIONS.redis,
    size: '12 MB',
    artifacts: ['com.github.codemonstur:embedded-redis:1.4.4:jar'],
    fill: async (download, target) => {
      const platform = `${process.platform}-${process.arch}`
      const name = REDIS_BINARIES[platform]
      if (name === undefined) {
        throw new StackError(
          'NO_REDIS_BINARY',
          `There is no packaged Redis for ${platform}.`,
          'Install redis-server 6.2 or newer with your package manager, so that it is on PATH.',
        )
      }
      const binary = join(target, 'redis-server')
      writeFileSync(binary, readZipEntry(readFileSync(onlyFile(download)), name))
      chmodSync(binary, 0o755)
    },
  },
}

const listFiles = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== MANIFEST)
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()

export const toolDir = (name: ToolName, root = TOOLS_DIR): string =>
  join(root, `${name}-${RECIPES[name].version}`)

/** What is wrong with an installed tool, or undefined when every file has the size it had when it was verified. */
export const damageOf = (folder: string): string | undefined => {
  const manifestFile = join(folder, MANIFEST)
  if (!existsSync(manifestFile)) return 'it is not there, or was not finished'
  const { files } = JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest
  for (const [file, size] of Object.entries(files)) {
    const stat = statSync(join(folder, file), { throwIfNoEntry: false })
    if (stat === undefined) return `${file} is missing`
    if (stat.size !== size) return `${file} has ${stat.size} bytes instead of ${size}`
  }
  return undefined
}

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

/** Compares what Maven brought with the lock; the first difference is returned. */
export const differenceFromLock = (download: string, lock: Lock): string | undefined => {
  const files = listFiles(download)
  for (const file of files) {
    const expected = lock[file]
    if (expected === undefined) return `${file} is not in tools.lock.json`
    if (sha256(join(download, file)) !== expected) return `${file} does not have the expected contents`
  }
  const missing = Object.keys(lock).find((file) => !files.includes(file))
  return missing === undefined ? undefined : `${missing} did not come with the download`
}

/** One at a time: Maven's own folder is not made for two, and the parts of the stack are fetched side by side. */
let mavenRuns: Promise<unknown> = Promise.resolve()
const runMaven = (args: readonly string[]): Promise<unknown> => {
  const next = mavenRuns.then(() =>
    run('mvn', ['-q', '-B', '-f', POM, ...args], {
      env: process.env,
      timeout: FETCH_TIMEOUT_MS,
      maxBuffer: 16 << 20,
    }),
  )
  mavenRuns = next.catch(() => undefined)
  return next
}

const FETCH_TRIES = 3
const FETCH_PAUSE_MS = 3_000

/** Tries again: a network has its moments, and another program may be using Maven's folder. */
export const maven = async (args: readonly string[], pauseMs = FETCH_PAUSE_MS): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      return void (await runMaven(args))
    } catch (cause) {
      const { code, stdout } = cause as { code?: unknown; stdout?: string }
      if (code === 'ENOENT') {
        throw new StackError(
          'NO_MAVEN',
          'Maven (mvn) is not on PATH; it fetches Kafka and the schema registry.',
          'Install Maven 3.8 or newer (Debian: apt-get install maven; macOS: brew install maven) and run this again.',
          { cause },
        )
      }
      if (tries < FETCH_TRIES) {
        await sleep(pauseMs)
        continue
      }
      const reason = (stdout ?? '').split('\n').find((line) => line.includes('ERROR')) ?? messageOf(cause)
      throw new StackError(
        'FETCH_FAILED',
        `Maven could not fetch a part of the stack: ${reason.trim()}`,
        'Check the network (and proxy settings in ~/.m2/settings.xml), then run this again; nothing half-done is kept.',
        { cause },
      )
    }
  }
}

const download = async (recipe: Recipe, folder: string, cacheArgs: readonly string[]): Promise<void> => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  if (recipe.artifacts === 'pom') {
    await maven([...cacheArgs, `${MAVEN_PLUGIN}:copy-dependencies`, `-DoutputDirectory=${folder}`])
    return
  }
  for (const artifact of recipe.artifacts) {
    await maven([
      ...cacheArgs,
      `${MAVEN_PLUGIN}:copy`,
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${folder}`,
    ])
  }
}

const downloadVerified = async (name: ToolName, recipe: Recipe, folder: string): Promise<void> => {
  const lock = (JSON.parse(readFileSync(LOCK, 'utf8')) as Record<string, Lock>)[name] ?? {}
  await download(recipe, folder, [])
  const firstDifference = differenceFromLock(folder, lock)
  if (firstDifference === undefined) return
  const ownCache = join(TOOLS_DIR, `m2-${process.pid}`)
  await download(recipe, folder, [`-Dmaven.repo.local=${ownCache}`])
  rmSync(ownCache, { recursive: true, force: true })
  const secondDifference = differenceFromLock(folder, lock)
  if (secondDifference === undefined) return
  throw new StackError(
    'FETCHED_FILE_WRONG',
    `${name} ${recipe.version}: ${secondDifference}, also in a second, fresh download.`,
    'A proxy or mirror serves other contents. Check the mirror in ~/.m2/settings.xml; nothing was installed.',
  )
}

/** Makes sure that a tool is there and whole; returns its folder. `say` hears what takes long. */
export const ensureTool = async (name: ToolName, say: (line: string) => void): Promise<string> => {
  const folder = toolDir(name)
  const damage = damageOf(folder)
  if (damage === undefined) return folder
  const recipe = RECIPES[name]
  say(`fetching ${name} ${recipe.version} (${recipe.size}): ${damage}`)
  const work = join(TOOLS_DIR, `.${name}-${process.pid}`)
  try {
    const fetched = join(work, 'fetched')
    const filled = join(work, 'filled')
    mkdirSync(filled, { recursive: true })
    await downloadVerified(name, recipe, fetched)
    await recipe.fill(fetched, filled)
    const files = Object.fromEntries(
      listFiles(filled).map((file) => [file, statSync(join(filled, file)).size]),
    )
    writeFileSync(join(filled, MANIFEST), JSON.stringify({ files }))
    rmSync(folder, { recursive: true, force: true })
    renameSync(filled, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}
