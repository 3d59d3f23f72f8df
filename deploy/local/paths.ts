/**
 * Owns where things lie: the tool folder of a clone and the layout of one data folder. Refuses: creating anything.
 *
 * L1  all that a stack writes is below its data folder, so that deleting the folder deletes the stack.
 * L2  LAYOUT_VERSION changes when an older data folder can't be read any more; it is never guessed around.
 */
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPO_ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)))
export const HOME_DIR = join(REPO_ROOT, '.nikash')
export const TOOLS_DIR = join(HOME_DIR, 'tools')
export const DEFAULT_DATA_DIR = join(HOME_DIR, 'data')
/** Remembers the data folder of the last `up`, so that `status` and `down` find it without `--data`. */
export const CURRENT_POINTER = join(HOME_DIR, 'current')
export const LAYOUT_VERSION = '2'

export type DataLayout = {
  readonly root: string
  readonly version: string
  readonly secrets: string
  readonly state: string
  readonly lock: string
  readonly logs: string
  readonly kafka: string
  readonly postgres: string
  readonly redis: string
  readonly clickhouse: string
  readonly services: string
}

export const layoutOf = (dataDir: string): DataLayout => {
  const root = resolve(dataDir)
  return Object.freeze({
    root,
    version: join(root, 'VERSION'),
    secrets: join(root, 'secrets.json'),
    state: join(root, 'state.json'),
    lock: join(root, 'supervisor.lock'),
    logs: join(root, 'logs'),
    kafka: join(root, 'kafka'),
    postgres: join(root, 'postgres'),
    redis: join(root, 'redis'),
    clickhouse: join(root, 'clickhouse'),
    services: join(root, 'services'),
  })
}

export const logFileOf = (layout: DataLayout, part: string): string => join(layout.logs, `${part}.log`)
