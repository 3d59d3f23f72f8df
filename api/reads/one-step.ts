/** Owns how reads of Redis that belong together, and those that come at the same time, are asked. */
import type { ChainableCommander, Redis } from 'ioredis'
import type { Guard } from '../../platform/breaker.ts'

type Commands = (multi: ChainableCommander) => ChainableCommander

/**
 * What commands answer, each caller's own, in one step (MULTI): of all that ask in one turn of the event loop, so that a
 * busy server writes to Redis once a turn and not once a request.
 */
export function inOneStep(redis: Redis, guard: Guard): (commands: Commands) => Promise<readonly unknown[]> {
  interface Asked {
    readonly commands: Commands
    readonly resolve: (replies: readonly unknown[]) => void
    readonly reject: (error: unknown) => void
  }
  let asked: Asked[] = []
  const ask = async (all: readonly Asked[]): Promise<void> => {
    try {
      const multi = redis.multi()
      // MULTI itself has no reply among those of EXEC.
      const before = multi.length
      const ends = all.map(({ commands }) => commands(multi).length - before)
      const replies = await guard(() => multi.exec())
      if (!replies) throw new Error('Redis gave up the transaction')
      all.forEach(({ resolve, reject }, i) => {
        const mine = replies.slice(ends[i - 1] ?? 0, ends[i])
        const failed = mine.find(([error]) => error)
        if (failed) reject(failed[0])
        else resolve(mine.map(([, reply]) => reply))
      })
    } catch (error) {
      for (const { reject } of all) reject(error)
    }
  }
  return (commands) =>
    new Promise((resolve, reject) => {
      if (asked.push({ commands, resolve, reject }) > 1) return
      setImmediate(() => {
        const all = asked
        asked = []
        void ask(all)
      })
    })
}
