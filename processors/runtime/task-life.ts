/** The life of a task as a table of legal moves (README.md); an illegal one throws. */
import { RuntimeError } from './errors.ts'

export type TaskState = 'created' | 'restoring' | 'running' | 'suspended' | 'failed' | 'closed'

export const LEGAL_MOVES: Readonly<Record<TaskState, readonly TaskState[]>> = {
  created: ['restoring', 'closed'],
  restoring: ['running', 'failed', 'closed'],
  running: ['suspended', 'failed', 'closed'],
  suspended: ['running', 'failed', 'closed'],
  failed: ['closed'],
  closed: [],
}

export class TaskLife {
  readonly #what: string
  #state: TaskState = 'created'

  constructor(what: string) {
    this.#what = what
  }

  get state(): TaskState {
    return this.#state
  }

  is(...states: readonly TaskState[]): boolean {
    return states.includes(this.#state)
  }

  move(to: TaskState): void {
    if (!LEGAL_MOVES[this.#state].includes(to))
      throw new RuntimeError('illegal_move', `${this.#what}: ${this.#state} -> ${to} is not a legal move`)
    this.#state = to
  }
}
