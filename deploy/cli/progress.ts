/** Owns the lines by which a long verb says how far it is. Refuses: more than one a second. */
import { duration, note } from './output.ts'

const EVERY_MS = 1_000

export const progressNotes = (
  what: string,
  now: () => number = Date.now,
): ((done: number, remaining: number) => void) => {
  const startedMs = now()
  let saidMs = startedMs
  return (done, remaining) => {
    const atMs = now()
    if (atMs - saidMs < EVERY_MS && remaining > 0) return
    saidMs = atMs
    const rate = done / Math.max(0.001, (atMs - startedMs) / 1_000)
    const left = rate > 0 ? `, ${duration((remaining / rate) * 1_000)}` : ''
    note(`${done} ${what} done, ${Math.round(rate)}/s, ${remaining} remaining${left}`)
  }
}
