/**
 * The crash matrix on a broker in memory. CRASH_SEED=17 runs that seed alone, CRASH_SEEDS=1000 that many.
 * On a failure the seeds and what they did are in the message; CRASH_TRACE=1 adds every step.
 */
import { expect, it } from '@jest/globals'
import { STEPS } from '../../../processors/runtime/steps.ts'
import { KINDS, runSeeds } from './crash-matrix.ts'

const one = process.env['CRASH_SEED']
const count = Number(process.env['CRASH_SEEDS'] ?? 200)
const seeds = one === undefined ? Array.from({ length: count }, (_, seed) => seed) : [Number(one)]
/** Least number of times that each step is died at, and each trouble suffered, over 200 seeds. */
const SHARE = 5

it(`keeps its promise through the troubles of ${seeds.length} seeds`, async () => {
  const outcomes = await runSeeds(seeds, 16)
  const told = (list: typeof outcomes): string =>
    list
      .map(({ seed, plan, wrong }) => {
        const did = plan.map(({ kind, step, nth }) => `${kind} at ${step}:${nth}`).join(', ')
        return `CRASH_SEED=${seed} (${did}):\n  ${wrong.slice(0, 6).join('\n  ')}`
      })
      .join('\n')
  const failed = outcomes.filter(({ wrong }) => wrong.length > 0)
  const happened = new Map<string, number>()
  for (const what of outcomes.flatMap((outcome) => outcome.happened))
    happened.set(what, (happened.get(what) ?? 0) + 1)
  if (process.env['CRASH_TRACE'] !== undefined)
    for (const { seed, trace } of failed) process.stdout.write(`seed ${seed}\n${trace.join('\n')}\n`)
  process.stdout.write(
    `crash matrix: seeds ${seeds[0]} to ${seeds.at(-1)}; ${[...happened].map(([what, n]) => `${what} ${n}`).join(', ')}\n`,
  )
  expect(told(failed)).toBe('')
  if (seeds.length < 200) return
  for (const step of STEPS) expect([step, happened.get(`kill at ${step}`)]).toEqual([step, atLeast(SHARE)])
  for (const kind of KINDS.filter((name) => name !== 'kill'))
    expect([kind, happened.get(kind)]).toEqual([kind, atLeast(SHARE)])
}, 300_000)

const atLeast = (least: number): unknown => ({
  asymmetricMatch: (seen: unknown) => typeof seen === 'number' && seen >= least,
  toString: () => `at least ${least}`,
})
