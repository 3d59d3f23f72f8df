/**
 * Owns what the supervisor has to know of a part, and the ways a part is asked whether it is healthy. Refuses: knowing
 * any part by name; those are in parts/.
 */
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { type DataLayout, REPO_ROOT } from './paths.ts'
import { HOST, type Ports, type Urls } from './ports.ts'
import type { Secrets } from './secrets.ts'

export type StackContext = {
  readonly layout: DataLayout
  readonly ports: Ports
  readonly urls: Urls
  readonly secrets: Secrets
  readonly speed: number
  /** Between two rounds of the canary tenant; 0 = there is none. */
  readonly canarySeconds: number
  /** What the user's shell had and a part may inherit (PATH, HOME, LOG_LEVEL ...); never secrets of others. */
  readonly inherited: Readonly<Record<string, string>>
}

export type Launch = {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Only when the supervisor is root and the program refuses to be. */
  readonly runAs?: { readonly uid: number; readonly gid: number; readonly keepFileAccess: boolean }
}

export type Part = {
  readonly name: string
  /** A store is up before services start; a task runs once and ends; a service is one of our processes. */
  readonly kind: 'store' | 'task' | 'service'
  readonly version: string
  readonly ports: Readonly<Record<string, number>>
  readonly dependsOn: readonly string[]
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
  readonly stopTimeoutMs: number
  readonly healthTimeoutMs: number
  /** False when the program is not in this clone: the part is listed as absent and nobody waits for it. */
  readonly present: boolean
  /** What can be made ready while others start; `prepare` waits for it. */
  readonly warmUp?: (say: (line: string) => void) => Promise<void>
  /** Fetches and prepares what the start needs; idempotent. `say` reports what takes long. */
  readonly prepare: (context: StackContext, say: (line: string) => void) => Promise<Launch>
  /** Throws, with the reason, while the part can't serve. */
  readonly check: (context: StackContext) => Promise<void>
  /** Runs after each time the part became healthy, before others may use it; idempotent. */
  readonly afterHealthy?: (context: StackContext) => Promise<void>
}

export const sourceFile = (path: string): string => join(REPO_ROOT, path)
export const sourceExists = (path: string): boolean => existsSync(sourceFile(path))

export type HttpAnswer = { readonly status: number; readonly body: string }
const BODY_BYTES_MAX = 1 << 20

/** A plain GET that no proxy setting can send elsewhere. */
export const httpGet = (port: number, path: string, timeoutMs = 2_000): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const call = request({ host: HOST, port, path, timeout: timeoutMs, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > BODY_BYTES_MAX)
          call.destroy(new Error(`answer of ${path} is over ${BODY_BYTES_MAX} bytes`))
        else chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
      response.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`no answer on port ${port} within ${timeoutMs} ms`)))
    call.on('error', reject)
    call.end()
  })

export const expectHttpOk = async (port: number, path: string): Promise<void> => {
  const answer = await httpGet(port, path)
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`${path} answered ${answer.status}: ${answer.body.slice(0, 200)}`)
  }
}
