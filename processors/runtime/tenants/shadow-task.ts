/** Makes the second task of a rebuild, at the start of the log. */
import { Task, type TaskOptions } from '../task.ts'
import type { Published } from './published.ts'
import { Shadow } from './shadow.ts'
import type { StoppedTenant } from './stores.ts'

export function shadowTask(
  options: Omit<TaskOptions, 'metrics' | 'shadow'>,
  main: Task,
  tenant: string,
  { offset }: StoppedTenant,
  published: Published,
): Task {
  const shadow = new Shadow(tenant, offset ?? -1, published.letters)
  const task = new Task({ ...options, shadow })
  task.enter(
    {
      epoch: main.place.epoch,
      offset: 0,
      revision: -1,
      logTime: 0,
      lastTick: 0,
      forgottenBefore: null,
      nextSegment: 0,
    },
    new Set(),
  )
  return task
}
