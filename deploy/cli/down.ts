/**
 * Owns `down` and `reset`: ending a stack, and deleting its data when asked. Refuses: deleting a folder that is not a
 * data folder of ours, and deleting while anything of the stack still runs.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataLayout, layoutOf } from '../local/paths.ts'
import { stopLeftovers, stopSupervisor } from '../local/preflight.ts'
import { markedProcesses } from '../local/processes.ts'
import { readState, supervisorAlive } from '../local/state.ts'
import { type DataOption, dataDirOf } from './access.ts'
import { note, print } from './output.ts'

export type DownOptions = DataOption & { readonly volumes: boolean }

export const stopStack = async (layout: DataLayout): Promise<boolean> => {
  const state = readState(layout.state)
  if (supervisorAlive(state)) note(`Stopping the stack on ${layout.root} ...`)
  const ran = await stopSupervisor(state)
  const left = await stopLeftovers(layout, note)
  const survivors = markedProcesses(layout.root)
  if (survivors.length > 0) {
    const list = survivors.map((survivor) => `${survivor.part} (pid ${survivor.pid})`).join(', ')
    throw new StackError(
      'STILL_RUNNING',
      `Could not end ${list}.`,
      'They may belong to another user: end them as that user.',
    )
  }
  return ran || left > 0
}

const deleteData = (layout: DataLayout): void => {
  if (!existsSync(layout.root)) return
  if (!existsSync(layout.version)) {
    if (readdirSync(layout.root).length === 0) return
    throw new StackError(
      'NOT_A_DATA_FOLDER',
      `${layout.root} has no VERSION file, so it is not a data folder of Nikash: nothing was deleted.`,
      'Name the right folder with --data DIR.',
      { exitCode: EXIT.wrongUse },
    )
  }
  // VERSION last: a deletion that is cut short can be repeated.
  for (const name of readdirSync(layout.root)) {
    if (name !== 'VERSION') rmSync(join(layout.root, name), { recursive: true, force: true })
  }
  rmSync(layout.root, { recursive: true, force: true })
}

export const down = async (options: DownOptions): Promise<ExitCode> => {
  const layout = layoutOf(dataDirOf(options))
  print(
    (await stopStack(layout))
      ? `Stopped the stack on ${layout.root}.`
      : `Nothing was running on ${layout.root}.`,
  )
  if (options.volumes) {
    deleteData(layout)
    print(`Deleted ${layout.root}.`)
  }
  return EXIT.fine
}

const confirmed = async (layout: DataLayout): Promise<boolean> => {
  if (!process.stdin.isTTY) return true
  const questions = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await questions.question(`Delete all data of the stack on ${layout.root}? [y/N] `)
  questions.close()
  return /^y(es)?$/i.test(answer.trim())
}

export const reset = async (options: DataOption & { readonly yes: boolean }): Promise<ExitCode> => {
  const layout = layoutOf(dataDirOf(options))
  if (!options.yes && !(await confirmed(layout))) {
    print('Nothing was changed.')
    return EXIT.fine
  }
  await stopStack(layout)
  deleteData(layout)
  print(`Deleted ${layout.root}; the next ./nikash up starts empty.`)
  return EXIT.fine
}
