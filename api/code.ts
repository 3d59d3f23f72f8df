/** Names the code that answers: a digest of the sources that answers are made by. What other code made is not used. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..')
const FOLDERS = [
  'api/http',
  'api/reads',
  'api/routes',
  'schemas/rules',
  'schemas/values',
  'sinks/clickhouse',
  'sinks/redis',
]

export function codeDigest(root: string = ROOT): string {
  const hash = createHash('sha256')
  for (const folder of FOLDERS) {
    const names = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    for (const name of names.filter((one) => one.endsWith('.ts')).sort())
      hash
        .update(name)
        .update('\0')
        .update(readFileSync(path.join(root, folder, name)))
  }
  return hash.digest('base64url').slice(0, 16)
}
