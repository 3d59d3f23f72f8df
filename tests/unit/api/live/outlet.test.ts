/** What happens to a client that does not read: its updates merge by key, in bounded memory, then it is closed. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { CLOSE, type CloseCode } from '../../../../api/live/close-codes.ts'
import type { Body } from '../../../../api/live/feed.ts'
import { Outlet } from '../../../../api/live/outlet.ts'
import {
  deltaPayload,
  type Payload,
  Publication,
  plainFramesOf,
  statePayload,
} from '../../../../api/live/publication.ts'
import { agingBody, kpiBody } from '../support/memory-feed.ts'

let at: number
let unsent: number
let sent: string[]
let written: (() => void)[]
let closed: CloseCode[]
let outlet: Outlet

beforeEach(() => {
  ;[at, unsent, sent, written, closed] = [0, 0, [], [], []]
  outlet = new Outlet({
    wire: {
      unsentBytes: () => unsent,
      send: (text, done) => {
        sent.push(text)
        written.push(done)
      },
      close: (code) => closed.push(code),
    },
    now: () => at,
    limits: { softBytes: 100, blockedMs: 1_000, keysMax: 5 },
    render: (publication) => [publication.frame()],
  })
})

let offset = 0
const publication = (body: Body, channel = 'kpi:acme') =>
  new Publication(channel, ++offset, deltaPayload('acme', body))
const dataOf = (text: string | undefined) =>
  (JSON.parse(text ?? '') as { push: { pub: { data: Payload; offset: number } } }).push.pub

describe('an outlet', () => {
  it('sends at once while the client reads', () => {
    outlet.publish(publication(kpiBody('1')))
    outlet.publish(publication(kpiBody('2')))
    expect(sent).toHaveLength(2)
  })

  it('merges by key what a client is behind with, and sends it when the client has caught up', () => {
    unsent = 101
    outlet.publish(publication(kpiBody('1')))
    outlet.publish(publication(kpiBody('2')))
    outlet.publish(publication(agingBody('10.00', 'customer:a'), 'aging:acme'))
    outlet.publish(publication(agingBody('20.00', 'customer:b'), 'aging:acme'))
    const last = publication(agingBody('30.00', 'customer:a'), 'aging:acme')
    outlet.publish(last)
    expect([sent, outlet.pendingCount]).toEqual([[], 2])
    unsent = 0
    outlet.sweep()
    expect(sent).toHaveLength(2)
    expect(dataOf(sent[0]).data).toMatchObject({
      coalesced: 2,
      kpis: { '30d': { measures: { dso: { value: '2' } } } },
    })
    const aging = dataOf(sent[1])
    expect(aging.offset).toBe(last.offset)
    expect(aging.data).toMatchObject({
      coalesced: 3,
      aging: { 'customer:a': { total: '30.00' }, 'customer:b': { total: '20.00' } },
    })
  })

  it('merges measure by measure: a delta has only those that changed', () => {
    unsent = 101
    const body = kpiBody('1')
    const window = body.kpis?.['30d']
    if (!window) throw new Error('no window')
    const other = {
      ...window,
      measures: { netRevenue: { value: '9', unit: 'BDT', inputs: {}, epoch: 1, revision: 2 } },
    }
    outlet.publish(publication(body))
    outlet.publish(publication({ kpis: { '30d': other } }))
    outlet.publish(publication({ kpis: { '90d': other } }))
    unsent = 0
    outlet.sweep()
    const kpis = dataOf(sent[0]).data.kpis ?? {}
    expect(Object.entries(kpis).map(([name, { measures }]) => [name, Object.keys(measures)])).toEqual([
      ['30d', ['dso', 'netRevenue']],
      ['90d', ['netRevenue']],
    ])
  })

  it('goes on by itself when the network takes what was sent', () => {
    outlet.publish(publication(kpiBody('1')))
    unsent = 101
    outlet.publish(publication(kpiBody('2')))
    unsent = 0
    written[0]?.()
    expect(sent).toHaveLength(2)
  })

  it('keeps the order: nothing overtakes what is held', () => {
    unsent = 101
    outlet.publish(publication(kpiBody('1')))
    unsent = 0
    outlet.publish(publication(kpiBody('2')))
    expect(sent).toEqual([])
    outlet.sweep()
    expect(dataOf(sent[0]).data.kpis?.['30d']?.measures['dso']?.value).toBe('2')
  })

  it('closes a client that stays behind, and not one that catches up in between', () => {
    unsent = 101
    outlet.publish(publication(kpiBody('1')))
    at = 999
    outlet.sweep()
    unsent = 0
    outlet.sweep()
    unsent = 101
    at = 1_500
    outlet.sweep()
    at = 2_499
    outlet.sweep()
    expect(closed).toEqual([])
    at = 2_500
    outlet.sweep()
    expect(closed).toEqual([CLOSE.slow])
  })

  it('closes a client whose merge has too many keys: memory is bounded', () => {
    unsent = 101
    for (let i = 0; i < 5; i++) outlet.publish(publication(agingBody('1', `customer:${i}`), 'aging:acme'))
    expect(closed).toEqual([])
    outlet.publish(publication(agingBody('1', 'customer:5'), 'aging:acme'))
    expect([closed, outlet.pendingCount]).toEqual([[CLOSE.slow], 0])
  })

  it('sends nothing more for a channel that was left, nor after the end', () => {
    unsent = 101
    outlet.publish(publication(kpiBody('1')))
    outlet.forget('kpi:acme')
    unsent = 0
    outlet.sweep()
    outlet.end()
    outlet.publish(publication(kpiBody('2')))
    expect(sent).toEqual([])
  })
})

describe('a merge', () => {
  it('of a change and the news that figures are whole keeps the change, its offset and its type', () => {
    unsent = 101
    const change = publication(kpiBody('1'))
    outlet.publish(change)
    outlet.publish(new Publication('kpi:acme', undefined, statePayload('acme', 'whole')))
    unsent = 0
    outlet.sweep()
    expect(dataOf(sent[0])).toMatchObject({ offset: change.offset, data: { type: 'delta', state: 'whole' } })
    expect(dataOf(sent[0]).data.kpis?.['30d']?.measures['dso']?.value).toBe('1')
  })
})

describe('the plain form of a publication', () => {
  it('has one window of KPIs and the slices of aging, each as an event', () => {
    const body = { ...kpiBody('41'), ...agingBody('10.00') }
    const frames = plainFramesOf(deltaPayload('acme', body), '30d').map((text) => JSON.parse(text) as object)
    expect(frames).toMatchObject([
      {
        event: 'kpi:update',
        data: { timestamp: '2023-11-14T22:13:20.000Z', window: '30d', kpis: { dso: { value: '41' } } },
      },
      { event: 'aging:update', data: { aging: { total: { total: '10.00' } } } },
    ])
    expect(plainFramesOf(deltaPayload('acme', kpiBody('41')), '90d')).toEqual([])
  })
})
