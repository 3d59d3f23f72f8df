/** The hub: between a snapshot and the first delta nothing is missing and nothing comes twice, whatever happens when. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type Channel, parseChannel } from '../../../../api/live/channels.ts'
import { Hub, HubUnavailable, type Joined, type Sink } from '../../../../api/live/hub.ts'
import type { Publication } from '../../../../api/live/publication.ts'
import { shared } from '../../../../api/shared.ts'
import { agingBody, kpiBody, MemoryFeed } from '../support/memory-feed.ts'

const channel = (name: string): Channel => {
  const parsed = parseChannel(name)
  if (!parsed) throw new Error(`no channel ${name}`)
  return parsed
}

class Recorder implements Sink {
  readonly got: Publication[] = []
  readonly invalid: string[] = []
  publish(publication: Publication): void {
    this.got.push(publication)
  }
  invalidate(reason: string): void {
    this.invalid.push(reason)
  }
  get offsets(): (number | undefined)[] {
    return this.got.map((publication) => publication.offset)
  }
}

const dsoOf = (publication: Publication) => publication.payload.kpis?.['30d']?.measures['dso']?.value
const KPI = channel('kpi:acme')
const DASHBOARD = channel('dashboard:acme')

let feed: MemoryFeed
let hub: Hub
beforeEach(() => {
  feed = new MemoryFeed()
  hub = new Hub(feed)
  feed.listener = hub
})

const away = (joined: Joined, sink: Recorder) => ({
  epoch: joined.epoch,
  offset: sink.got.at(-1)?.offset ?? joined.offset,
})

describe('a join', () => {
  it('gets the state with its offset, then every change once and in order', async () => {
    feed.write('acme', kpiBody('40'))
    feed.write('acme', kpiBody('41'))
    const sink = new Recorder()
    const joined = await hub.join(KPI, sink)
    expect(joined).toMatchObject({ offset: 2, epoch: 'e1.r1', recovered: false })
    expect(joined.snapshot?.kpis?.['30d']?.measures['dso']?.value).toBe('41')
    joined.start()
    feed.publish('acme', kpiBody('42'))
    feed.publish('acme', kpiBody('43'))
    expect(sink.offsets).toEqual([3, 4])
    expect(sink.got.map(dsoOf)).toEqual(['42', '43'])
  })

  it('holds back what happens before its reply went out, and drops what the snapshot already has', async () => {
    const first = new Recorder()
    ;(await hub.join(KPI, first)).start()
    const sink = new Recorder()
    feed.write('acme', kpiBody('1')) // in the snapshot, delivered later: must not come twice
    let open = () => {}
    feed.gate = new Promise((resolve) => {
      open = resolve
    })
    const joining = hub.join(KPI, sink)
    await new Promise((resolve) => setImmediate(resolve))
    feed.publish('acme', kpiBody('2')) // after the snapshot was read, before it was answered
    open()
    const joined = await joining
    feed.publish('acme', kpiBody('3')) // before the reply
    expect(sink.got).toEqual([])
    joined.start()
    feed.publish('acme', kpiBody('4'))
    expect(joined.offset).toBe(1)
    expect(sink.got.map(dsoOf)).toEqual(['2', '3', '4'])
    expect(sink.offsets).toEqual([2, 3, 4])
    expect(first.got.map(dsoOf)).toEqual(['1', '2', '3', '4'])
  })

  it('of the dashboard has one contiguous offset over both feeds', async () => {
    feed.write('acme', kpiBody('1'))
    feed.write('acme', agingBody('10.00'))
    const sink = new Recorder()
    const joined = await hub.join(DASHBOARD, sink)
    joined.start()
    feed.publish('acme', agingBody('11.00'))
    feed.publish('acme', kpiBody('2'))
    feed.publish('acme', agingBody('12.00'))
    expect(joined.offset).toBe(2)
    expect(sink.offsets).toEqual([3, 4, 5])
    expect(sink.got.map((p) => Object.keys(p.payload).filter((k) => k === 'kpis' || k === 'aging'))).toEqual([
      ['aging'],
      ['kpis'],
      ['aging'],
    ])
  })

  it('of one feed sees nothing of the other', async () => {
    feed.write('acme', agingBody('10.00'))
    const sink = new Recorder()
    const joined = await hub.join(KPI, sink)
    expect(joined.snapshot?.aging).toBeUndefined()
    joined.start()
    feed.publish('acme', agingBody('11.00'))
    expect(sink.got).toEqual([])
  })

  it('of one tenant sees nothing of another', async () => {
    const [a, b] = [new Recorder(), new Recorder()]
    ;(await hub.join(channel('dashboard:acme'), a)).start()
    ;(await hub.join(channel('dashboard:bolt'), b)).start()
    feed.publish('bolt', kpiBody('666'))
    expect(a.got).toEqual([])
    expect(b.got).toHaveLength(1)
  })

  it('of a tenant without figures says so and shows no zeros', async () => {
    const joined = await hub.join(DASHBOARD, new Recorder())
    expect(joined.snapshot).toMatchObject({ state: 'empty', timestamp: null })
    expect(joined.snapshot?.kpis).toBeUndefined()
  })

  it('fails when the store does, and the next one begins anew', async () => {
    feed.failing = true
    await expect(hub.join(KPI, new Recorder())).rejects.toThrow(HubUnavailable)
    expect(hub.roomCount).toBe(0)
    feed.failing = false
    expect((await hub.join(KPI, new Recorder())).offset).toBe(0)
  })

  it('shares one snapshot among all who wait for it', async () => {
    ;(await hub.join(KPI, new Recorder())).start()
    const before = feed.snapshots
    await Promise.all(Array.from({ length: 500 }, () => hub.join(KPI, new Recorder())))
    expect(feed.snapshots - before).toBe(1)
  })
})

describe('recovery', () => {
  it('gives exactly what was missed, then goes on', async () => {
    const sink = new Recorder()
    const joined = await hub.join(DASHBOARD, sink)
    joined.start()
    feed.publish('acme', kpiBody('1'))
    feed.publish('acme', agingBody('10.00'))
    const position = away(joined, sink)
    joined.leave()
    for (const n of ['2', '3', '4']) {
      feed.write('acme', kpiBody(n))
      feed.write('acme', agingBody(`${n}0.00`))
    }
    const back = new Recorder()
    const again = await hub.join(DASHBOARD, back, position)
    expect(again).toMatchObject({ recovered: true, offset: 2, snapshot: undefined })
    expect(again.publications.map((p) => p.offset)).toEqual([3, 4, 5, 6, 7, 8])
    expect(again.publications.map((p) => dsoOf(p) ?? p.payload.aging?.['total']?.total)).toEqual([
      '2',
      '20.00',
      '3',
      '30.00',
      '4',
      '40.00',
    ])
    again.start()
    feed.publish('acme', kpiBody('5'))
    expect(back.offsets).toEqual([9])
  })

  it('of one feed skips the other feed in between', async () => {
    for (const n of ['1', '2', '3']) {
      feed.write('acme', kpiBody(n))
      feed.write('acme', agingBody(n))
    }
    const joined = await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 1 })
    expect(joined.recovered).toBe(true)
    expect(joined.publications.map((p) => [p.offset, dsoOf(p)])).toEqual([
      [2, '2'],
      [3, '3'],
    ])
  })

  it('with nothing missed sends nothing and reads no history', async () => {
    feed.write('acme', kpiBody('1'))
    const joined = await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 1 })
    expect(joined).toMatchObject({ recovered: true, publications: [], offset: 1 })
    expect(feed.histories).toBe(0)
  })

  it.each([
    ['another epoch', { epoch: 'e0.r1', offset: 1 }],
    ['another run of the store', { epoch: 'e1.r0', offset: 1 }],
    ['an empty epoch', { epoch: '', offset: 1 }],
    ['an offset that the store has not reached', { epoch: 'e1.r1', offset: 9 }],
  ])('from %s is refused and a snapshot is sent instead', async (_, position) => {
    for (const n of ['1', '2', '3']) feed.write('acme', kpiBody(n))
    const joined = await hub.join(KPI, new Recorder(), position)
    expect(joined).toMatchObject({ recovered: false, offset: 3, epoch: 'e1.r1', publications: [] })
    expect(joined.snapshot?.kpis?.['30d']?.measures['dso']?.value).toBe('3')
  })

  it('from before the end of the feed is refused', async () => {
    for (let n = 1; n <= 20; n++) feed.write('acme', kpiBody(String(n)))
    feed.trim('acme', 5)
    const gone = await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 14 })
    const kept = await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 15 })
    expect([gone.recovered, kept.recovered]).toEqual([false, true])
    expect(kept.publications.map((p) => p.offset)).toEqual([16, 17, 18, 19, 20])
  })

  it('of the dashboard is right when the kept feed begins inside the other feed', async () => {
    for (let n = 1; n <= 3; n++) feed.write('acme', agingBody(String(n)))
    for (let n = 1; n <= 6; n++) feed.write('acme', kpiBody(String(n)))
    feed.trim('acme', 4)
    const joined = await hub.join(DASHBOARD, new Recorder(), { epoch: 'e1.r1.3', offset: 5 })
    expect(joined.recovered).toBe(true)
    expect(joined.publications.map((p) => [p.offset, dsoOf(p)])).toEqual([
      [6, '3'],
      [7, '4'],
      [8, '5'],
      [9, '6'],
    ])
  })

  it('over a hole in the feed is refused', async () => {
    for (const n of ['1', '2', '3', '4']) feed.write('acme', kpiBody(n))
    feed.tenant('acme').entries.splice(1, 1)
    expect((await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 1 })).recovered).toBe(false)
    expect((await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 2 })).recovered).toBe(true)
  })

  it('over a change that was too large for the feed is refused', async () => {
    feed.write('acme', kpiBody('1'))
    feed.writeReset('acme', 'kpi')
    feed.write('acme', kpiBody('3'))
    expect((await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 1 })).recovered).toBe(false)
    expect((await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 2 })).recovered).toBe(true)
  })

  it('of more than fits into one reply is refused', async () => {
    for (let n = 0; n < 1_001; n++) feed.write('acme', kpiBody(String(n)))
    expect((await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 0 })).recovered).toBe(false)
    expect((await hub.join(KPI, new Recorder(), { epoch: 'e1.r1', offset: 1 })).recovered).toBe(true)
  })
})

describe('a room', () => {
  it('ends for all when entries are gone', async () => {
    const sink = new Recorder()
    ;(await hub.join(KPI, sink)).start()
    for (let n = 1; n <= 9; n++) feed.write('acme', kpiBody(String(n)))
    feed.trim('acme', 3)
    feed.deliver('acme')
    expect(sink.got).toEqual([])
    expect(sink.invalid).toHaveLength(1)
    expect(feed.isFollowed('acme')).toBe(false)
  })

  it('counts an entry that comes twice once, and goes on', async () => {
    const sink = new Recorder()
    ;(await hub.join(DASHBOARD, sink)).start()
    for (const n of ['1', '2', '3']) feed.publish('acme', kpiBody(n))
    hub.onEntries('acme', feed.tenant('acme').entries.slice(1, 2))
    feed.publish('acme', agingBody('10.00'))
    expect([sink.offsets, sink.invalid]).toEqual([[1, 2, 3, 4], []])
  })

  it('ends when a newcomer finds the store in a new history, and the newcomer begins there', async () => {
    feed.write('acme', kpiBody('1'))
    const old = new Recorder()
    ;(await hub.join(KPI, old)).start()
    feed.flush('acme', 'e2')
    feed.write('acme', kpiBody('7'))
    const sink = new Recorder()
    const joined = await hub.join(KPI, sink)
    joined.start()
    expect([joined.epoch, joined.offset, old.invalid.length]).toEqual(['e2.r1', 1, 1])
    feed.publish('acme', kpiBody('8'))
    expect([old.got, sink.offsets]).toEqual([[], [2]])
  })

  it('ends for all when the store begins a new history, told by the next entry', async () => {
    const sink = new Recorder()
    ;(await hub.join(KPI, sink)).start()
    feed.flush('acme', 'e2')
    feed.publish('acme', kpiBody('1'))
    expect(sink.got).toEqual([])
    expect(sink.invalid).toHaveLength(1)
  })

  it('ends for all when the store was emptied in silence', async () => {
    feed.write('acme', kpiBody('1'))
    const sink = new Recorder()
    ;(await hub.join(KPI, sink)).start()
    await hub.verify()
    expect(sink.invalid).toEqual([])
    feed.flush('acme', 'none')
    await hub.verify()
    expect(sink.invalid).toHaveLength(1)
  })

  it('goes on, and says so, when figures that were being filled in again are whole', async () => {
    feed.tenant('acme').whole = false
    feed.write('acme', kpiBody('1'))
    const sink = new Recorder()
    const joined = await hub.join(KPI, sink)
    expect(joined.snapshot?.state).toBe('rebuilding')
    joined.start()
    await hub.verify()
    expect(sink.got).toEqual([])
    feed.tenant('acme').whole = true
    await hub.verify()
    await hub.verify()
    feed.publish('acme', kpiBody('2'))
    expect(sink.got.map(({ payload, offset }) => [payload.type, payload.state, offset])).toEqual([
      ['state', 'whole', undefined],
      ['delta', undefined, 2],
    ])
    expect(sink.invalid).toEqual([])
  })

  it('ends for all when the store is lost or a change is too large', async () => {
    const [lost, large] = [new Recorder(), new Recorder()]
    ;(await hub.join(KPI, lost)).start()
    hub.onLost('gone')
    ;(await hub.join(KPI, large)).start()
    feed.writeReset('acme', 'kpi')
    feed.deliver('acme')
    expect([lost.invalid.length, large.invalid.length]).toEqual([1, 1])
  })

  it('that ends during a join tells the newcomer right after its reply', async () => {
    feed.write('acme', kpiBody('1'))
    const sink = new Recorder()
    const joined = await hub.join(KPI, sink)
    hub.onLost('gone')
    expect(sink.invalid).toEqual([])
    joined.start()
    expect(sink.invalid).toEqual(['gone'])
  })

  it('is left behind with its last member', async () => {
    const joined = await hub.join(KPI, new Recorder())
    joined.start()
    expect([hub.roomCount, hub.memberCount()]).toEqual([1, 1])
    joined.leave()
    expect([hub.roomCount, feed.isFollowed('acme')]).toEqual([0, false])
  })
})

describe('shared', () => {
  it('never gives a caller the result of a call that began before it asked', async () => {
    let begun = 0
    const gates: (() => void)[] = []
    const call = shared(() => {
      const number = ++begun
      return new Promise<number>((resolve) => gates.push(() => resolve(number)))
    })
    const first = call()
    await Promise.resolve()
    await Promise.resolve()
    const [second, third] = [call(), call()]
    await new Promise((resolve) => setImmediate(resolve))
    expect(begun).toBe(1)
    gates[0]?.()
    expect(await first).toBe(1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(begun).toBe(2)
    gates[1]?.()
    expect(await Promise.all([second, third])).toEqual([2, 2])
  })
})
