import { describe, expect, it, jest } from '@jest/globals'
import type { CommandRequest, CommandResult } from '../../../../producers/kernel/command.ts'
import { Lanes } from '../../../../producers/kernel/lanes.ts'
import { outcome } from '../facts.ts'

const request = (id: string) => ({ id }) as CommandRequest
const accepted = (id: string): CommandResult => ({
  kind: 'accepted',
  status: 201,
  body: { id, version: 1, position: 1 },
  replayed: false,
})

/** Runs whose end the test decides. */
function handDriven() {
  const runs: { tenant: string; ids: string[]; end: (error?: Error) => void }[] = []
  const run = (tenant: string, requests: readonly CommandRequest[]) =>
    new Promise<readonly CommandResult[]>((resolve, reject) => {
      const ids = requests.map((one) => one.id)
      runs.push({ tenant, ids, end: (error) => (error ? reject(error) : resolve(ids.map(accepted))) })
    })
  return { runs, run }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('lanes', () => {
  it('run a lone command at once, and what came meanwhile as one group, in order', async () => {
    const { runs, run } = handDriven()
    const lanes = new Lanes(run)
    const results = ['a', 'b', 'c'].map((id) => lanes.submit('t', request(id)))
    expect(runs.map((one) => one.ids)).toEqual([['a']])
    runs[0]?.end()
    await turn()
    expect(runs.map((one) => one.ids)).toEqual([['a'], ['b', 'c']])
    runs[1]?.end()
    expect((await Promise.all(results)).map((one) => one.kind === 'accepted' && one.body.id)).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(lanes.waiting).toBe(0)
  })

  it('run one transaction at a time while nobody waits long, and another beside it for a tenant that did', () => {
    jest.useFakeTimers()
    try {
      const { runs, run } = handDriven()
      const lanes = new Lanes(run, { patienceMs: 25, runningMax: 2 })
      void lanes.submit('t', request('a'))
      void lanes.submit('u', request('b'))
      jest.advanceTimersByTime(24)
      void lanes.submit('v', request('c'))
      void lanes.submit('u', request('d'))
      expect(runs.map((one) => one.tenant)).toEqual(['t'])
      jest.advanceTimersByTime(1)
      expect(runs.map((one) => one.ids)).toEqual([['a'], ['b', 'd']])
      // As many as there may be: v waits for an end, however long.
      jest.advanceTimersByTime(1_000)
      expect(runs.map((one) => one.tenant)).toEqual(['t', 'u'])
    } finally {
      jest.useRealTimers()
    }
  })

  it('do not let a tenant wait while nothing runs, nor one whose group is full', async () => {
    const { runs, run } = handDriven()
    const lanes = new Lanes(run, { patienceMs: 60_000, groupMax: 2 })
    void lanes.submit('t', request('a'))
    void lanes.submit('u', request('b'))
    runs[0]?.end()
    await turn()
    expect(runs.map((one) => one.tenant)).toEqual(['t', 'u'])
    for (const id of ['c', 'd']) void lanes.submit('v', request(id))
    void lanes.submit('w', request('e'))
    runs[1]?.end()
    await turn()
    expect(runs.map((one) => one.ids)).toEqual([['a'], ['b'], ['c', 'd']])
    runs[2]?.end()
    await turn()
    expect(runs.map((one) => one.ids)).toEqual([['a'], ['b'], ['c', 'd'], ['e']])
  })

  it('take a group when its turn comes: what arrives while the tenant waits for a transaction joins it', async () => {
    const { runs, run } = handDriven()
    const lanes = new Lanes(run, { runningMax: 1 })
    void lanes.submit('t', request('a'))
    for (const id of ['b', 'd']) void lanes.submit('u', request(id))
    void lanes.submit('v', request('c'))
    void lanes.submit('t', request('e'))
    const seen = async (count: number) => {
      runs[count - 1]?.end()
      await turn()
      return runs.at(-1)?.ids
    }
    expect(runs.map((one) => one.ids)).toEqual([['a']])
    expect(await seen(1)).toEqual(['b', 'd'])
    void lanes.submit('t', request('f'))
    // In turn: t came last, whatever it has gathered.
    expect(await seen(2)).toEqual(['c'])
    expect(await seen(3)).toEqual(['e', 'f'])
    expect(await seen(4)).toEqual(['e', 'f'])
    expect([runs.length, lanes.waiting]).toEqual([4, 0])
  })

  it('fail the commands of a group whose store failed, and go on', async () => {
    const { runs, run } = handDriven()
    const lanes = new Lanes(run)
    const failed = lanes.submit('t', request('a'))
    const next = lanes.submit('t', request('b'))
    runs[0]?.end(new Error('down'))
    await expect(failed).rejects.toThrow('down')
    runs[1]?.end()
    expect((await next).kind).toBe('accepted')
  })

  it('refuse when too much waits', async () => {
    const { run } = handDriven()
    const lanes = new Lanes(run, { groupMax: 2, laneWaitingMax: 2, waitingMax: 100 })
    for (const id of ['a', 'b', 'c']) void lanes.submit('t', request(id))
    const refusal = await lanes.submit('t', request('d')).catch((error: unknown) => error)
    expect(
      outcome(() => {
        throw refusal
      }),
    ).toBe('unavailable')
  })
})
