/**
 * Owns that one process at a time works on a data folder: a file with the process id. Refuses: trusting it blindly; a
 * file of a process that is gone (kill -9) or of another program that got its number is taken over.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NikashError } from '../../../platform/errors.ts'

const FILE = 'front.pid'

/** When the process started, in clock ticks since boot; undefined where /proc does not exist or it is gone. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function alive(pid: number, start: string): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return !existsSync('/proc/self/stat') || startOf(pid) === start
}

export function lockFolder(folder: string): () => void {
  const file = join(folder, FILE)
  const mine = `${process.pid} ${startOf(process.pid) ?? '-'}\n`
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx' })
      return () => {
        if (existsSync(file) && readFileSync(file, 'utf8') === mine) rmSync(file, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const [pid = '', start = ''] = readFileSync(file, 'utf8').trim().split(' ')
      if (alive(Number(pid), start)) {
        throw new NikashError(
          'data_folder_in_use',
          `process ${pid} already serves ClickHouse from ${folder}: stop it, or give this one another DATA_DIR`,
        )
      }
      rmSync(file, { force: true })
    }
  }
  throw new NikashError(
    'data_folder_in_use',
    `${file} keeps coming back: is another front starting on ${folder}?`,
  )
}
