/**
 * Owns how a program is started: as which user, and what happens to it when its parent dies. Refuses: shells.
 *
 * N1  on Linux a child asks the kernel for its stop signal at its parent's death (`setpriv --pdeathsig`), so that not
 *     even `kill -9` of the supervisor leaves an orphan; elsewhere the next `up` or `down` finds and stops it.
 * N2  a program that must not be root keeps no capability but one, and that only when it could not reach its files.
 */
import { execFile, type SpawnOptions } from 'node:child_process'
import { promisify } from 'node:util'
import type { Launch } from './part.ts'

const run = promisify(execFile)

export type Command = {
  readonly file: string
  readonly args: readonly string[]
  readonly options: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>
}

let parentDeathSignal: Promise<boolean> | undefined

/** Whether this system's setpriv knows --pdeathsig (util-linux 2.33 and newer). */
export const hasParentDeathSignal = (): Promise<boolean> => {
  parentDeathSignal ??= run('setpriv', ['--help'], { timeout: 5_000 }).then(
    ({ stdout }) => stdout.includes('--pdeathsig'),
    () => false,
  )
  return parentDeathSignal
}

const privilegeArgs = (runAs: NonNullable<Launch['runAs']>): string[] => [
  `--reuid=${runAs.uid}`,
  `--regid=${runAs.gid}`,
  '--clear-groups',
  ...(runAs.keepFileAccess
    ? ['--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override']
    : ['--inh-caps=-all']),
]

export const commandFor = async (launch: Launch, stopSignal: 'SIGTERM' | 'SIGINT'): Promise<Command> => {
  const options = { cwd: launch.cwd, env: { ...launch.env } }
  if (!(await hasParentDeathSignal())) {
    const user = launch.runAs === undefined ? {} : { uid: launch.runAs.uid, gid: launch.runAs.gid }
    return { file: launch.file, args: launch.args, options: { ...options, ...user } }
  }
  const privileges = launch.runAs === undefined ? [] : privilegeArgs(launch.runAs)
  return {
    file: 'setpriv',
    args: [`--pdeathsig=${stopSignal.slice(3)}`, ...privileges, '--', launch.file, ...launch.args],
    options,
  }
}
