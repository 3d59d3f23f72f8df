/**
 * Open-model load: what is sent starts on a clock, whatever the answers do, so that a stall is seen by everything that it
 * held up. Owns the clock and the arithmetic of percentiles; refuses to know what is sent.
 */
export const now = (): number => performance.timeOrigin + performance.now()

export interface Load {
  readonly total: number
  readonly elapsedMs: number
  /** By how much the generator itself was late. */
  readonly lateMs: readonly number[]
  /** Of one core, by this process. */
  readonly cpu: number
}

/** Starts `one` rate times a second for so many seconds, tells it when it should have begun, and waits for all of them. */
export async function openLoad(
  options: { readonly rate: number; readonly seconds: number },
  one: (index: number, intendedAt: number) => Promise<void>,
): Promise<Load> {
  const { rate, seconds } = options
  const total = rate * seconds
  const lateMs: number[] = []
  const startedAt = now()
  const cpuBefore = process.cpuUsage()
  const running = new Set<Promise<void>>()
  for (let i = 0; i < total; ) {
    const due = Math.min(total, Math.floor(((now() - startedAt) / 1000) * rate) + 1)
    for (; i < due; i++) {
      const intendedAt = startedAt + (i / rate) * 1000
      lateMs.push(Math.max(0, now() - intendedAt))
      const task = one(i, intendedAt).finally(() => running.delete(task))
      running.add(task)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await Promise.all(running)
  const cpu = process.cpuUsage(cpuBefore)
  const elapsedMs = now() - startedAt
  return { total, elapsedMs, lateMs, cpu: Number(((cpu.user + cpu.system) / 1000 / elapsedMs).toFixed(2)) }
}

export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export function percentilesOf(list: readonly number[]): Percentiles {
  const sorted = list.toSorted((a, b) => a - b)
  const at = (q: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN).toFixed(1))
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: at(1) }
}

export const percentileLine = (name: string, s: Percentiles): string =>
  `  ${name.padEnd(28)} p50 ${s.p50}  p90 ${s.p90}  p99 ${s.p99}  max ${s.max}`

/** A variable of the stack's environment. */
export function need(name: string, verb: string): string {
  const value = process.env[name]
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run this as ./nikash bench ${verb}, with the stack up`)
  return value
}
