/** Runs `./nikash` verbs of the stack under test, the way a person does. */
import { execFile } from 'node:child_process'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Never throws for an exit code: codes are part of what is tested. */
export function nikash(stateFile: string, args: readonly string[], timeoutMs = 120_000): Promise<Ran> {
  const data = path.dirname(stateFile)
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(ROOT, 'deploy/cli/main.ts'), ...args, '--data', data],
      {
        cwd: ROOT,
        timeout: timeoutMs,
        maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, NODE_OPTIONS: '' },
      },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    )
  })
}
