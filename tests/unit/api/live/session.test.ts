/** The protocol's state machine, fed by hand and driven by a hand-moved clock. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type Principal, TokenError } from '../../../../api/auth/token.ts'
import { CLOSE, type CloseCode } from '../../../../api/live/close-codes.ts'
import { Hub } from '../../../../api/live/hub.ts'
import { Outlet } from '../../../../api/live/outlet.ts'
import type { Publication } from '../../../../api/live/publication.ts'
import { Session, SESSION_LIMITS } from '../../../../api/live/session.ts'
import { kpiBody, MemoryFeed } from '../support/memory-feed.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))
const START = 1_700_000_000_000

let at: number
let sent: Record<string, unknown>[]
let closed: CloseCode[]
let feed: MemoryFeed
let admitted: boolean
let session: Session

const PRINCIPALS: Readonly<Record<string, Principal>> = {
  good: { tenant: 'acme', subject: 'u', role: 'reader', expiresAtMs: START + 60_000 },
  later: { tenant: 'acme', subject: 'u', role: 'reader', expiresAtMs: START + 600_000 },
  stranger: { tenant: 'bolt', subject: 'u', role: 'reader', expiresAtMs: START + 600_000 },
}

beforeEach(() => {
  at = START
  sent = []
  closed = []
  admitted = true
  feed = new MemoryFeed()
  const hub = new Hub(feed)
  feed.listener = hub
  const outlet = new Outlet({
    wire: {
      unsentBytes: () => 0,
      send: (text) => sent.push(JSON.parse(text) as Record<string, unknown>),
      close: (code) => closed.push(code),
    },
    now: () => at,
    limits: { softBytes: 1, blockedMs: 1, keysMax: 1 },
    render: (publication: Publication) => [publication.frame()],
  })
  session = new Session({
    clientId: 'client-1',
    outlet,
    hub,
    now: () => at,
    limits: SESSION_LIMITS,
    admit: () => admitted,
    verify: async (token) => {
      const principal = PRINCIPALS[token]
      if (principal) return principal
      throw new TokenError(token === 'old' ? 'expired' : token === 'operator' ? 'forbidden' : 'invalid', 'no')
    },
  })
})

const say = async (...commands: (object | string)[]) => {
  session.receive(commands.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'))
  await settled()
  await settled()
}
const connect = () => say({ id: 1, connect: { token: 'good' } })

describe('a session', () => {
  it('greets with its id, the token lifetime and the ping', async () => {
    await connect()
    expect(sent).toEqual([
      {
        id: 1,
        connect: { client: 'client-1', version: 'nikash', expires: true, ttl: 60, ping: 25, pong: true },
      },
    ])
  })

  it('answers a batch in one frame in its order, the subscribe before its first publication', async () => {
    feed.write('acme', kpiBody('1'))
    await say(
      { id: 1, connect: { token: 'good' } },
      { id: 2, subscribe: { channel: 'kpi:acme' } },
      { id: 3, ping: {} },
    )
    feed.publish('acme', kpiBody('2'))
    expect(sent.map((frame) => frame['id'] ?? Object.keys(frame)[0])).toEqual([1, 2, 3, 'push'])
    expect(sent[1]).toMatchObject({
      subscribe: { recoverable: true, offset: 1, epoch: 'e1.r1', publications: [] },
    })
    expect(sent[3]).toMatchObject({
      push: { channel: 'kpi:acme', pub: { offset: 2, data: { type: 'delta' } } },
    })
  })

  it('tells a returning client whether it was recovered', async () => {
    for (const n of ['1', '2', '3']) feed.write('acme', kpiBody(n))
    await connect()
    await say({ id: 2, subscribe: { channel: 'kpi:acme', recover: true, offset: 1, epoch: 'e1.r1' } })
    expect(sent[1]).toMatchObject({ subscribe: { was_recovering: true, recovered: true, offset: 1 } })
    expect(sent[1]).toHaveProperty('subscribe.publications.length', 2)
    expect(sent[1]?.['subscribe'] as object).not.toHaveProperty('data')
    await say({ id: 3, unsubscribe: { channel: 'kpi:acme' } })
    await say({ id: 4, subscribe: { channel: 'kpi:acme', recover: true, offset: 1, epoch: 'other' } })
    expect(sent[3]).toMatchObject({
      subscribe: { was_recovering: true, recovered: false, offset: 3, publications: [] },
    })
    expect(sent[3]?.['subscribe'] as object).toHaveProperty('data.type', 'snapshot')
  })

  it.each([
    ['an unknown channel', { id: 2, subscribe: { channel: 'secrets:acme' } }, 102],
    ['a channel without a tenant', { id: 2, subscribe: { channel: 'kpi' } }, 102],
    ['a channel of another tenant', { id: 2, subscribe: { channel: 'kpi:bolt' } }, 103],
    ['a pattern for a tenant', { id: 2, subscribe: { channel: 'kpi:*' } }, 102],
    ['publishing', { id: 2, publish: { channel: 'kpi:acme', data: {} } }, 108],
    ['history', { id: 2, history: { channel: 'kpi:acme' } }, 108],
    ['an rpc', { id: 2, rpc: { method: 'x' } }, 108],
    ['a method that nobody knows', { id: 2, dance: {} }, 104],
    ['an expired token in a refresh', { id: 2, refresh: { token: 'old' } }, 109],
  ])('answers %s with its error and goes on', async (_, command, code) => {
    await connect()
    await say(command)
    expect(sent[1]).toMatchObject({ id: 2, error: { code } })
    await say({ id: 3, ping: {} })
    expect([sent[2], closed]).toEqual([{ id: 3, ping: {} }, []])
  })

  it('refuses a second subscribe to a channel, and more channels than allowed', async () => {
    await connect()
    await say({ id: 2, subscribe: { channel: 'kpi:acme' } }, { id: 3, subscribe: { channel: 'kpi:acme' } })
    expect(sent[2]).toMatchObject({ id: 3, error: { code: 105 } })
  })

  it('says try again when the store is away', async () => {
    feed.failing = true
    await connect()
    await say({ id: 2, subscribe: { channel: 'kpi:acme' } })
    expect(sent[1]).toMatchObject({ error: { code: 100, temporary: true } })
  })

  it('tells the client to subscribe again when its stream can not go on', async () => {
    await connect()
    await say({ id: 2, subscribe: { channel: 'kpi:acme' } })
    feed.listener?.onLost('gone')
    expect(sent[2]).toEqual({
      push: { channel: 'kpi:acme', unsubscribe: { code: 2500, reason: 'insufficient state' } },
    })
    await say({ id: 3, subscribe: { channel: 'kpi:acme' } })
    expect(sent[3]).toMatchObject({ id: 3, subscribe: { recoverable: true } })
  })

  it('stops publications at once when the client unsubscribes', async () => {
    await connect()
    await say({ id: 2, subscribe: { channel: 'kpi:acme' } }, { id: 3, unsubscribe: { channel: 'kpi:acme' } })
    feed.publish('acme', kpiBody('2'))
    expect(sent.map((frame) => frame['id'])).toStrictEqual([1, 2, 3])
  })

  it.each([
    ['nonsense', ['hello'], CLOSE.badRequest],
    ['a list', ['[]'], CLOSE.badRequest],
    ['a number', ['7'], CLOSE.badRequest],
    ['an empty frame', [''], CLOSE.badRequest],
    ['a command before connect', [{ id: 1, subscribe: { channel: 'kpi:acme' } }], CLOSE.badRequest],
    ['a command without id', [{ connect: { token: 'good' } }], CLOSE.badRequest],
    [
      'two methods in one command',
      [{ id: 1, connect: { token: 'good' }, refresh: { token: 'good' } }],
      CLOSE.badRequest,
    ],
    [
      'connecting twice',
      [
        { id: 1, connect: { token: 'good' } },
        { id: 2, connect: { token: 'good' } },
      ],
      CLOSE.badRequest,
    ],
    ['a token that is not valid', [{ id: 1, connect: { token: 'bad' } }], CLOSE.invalidToken],
    ['no token', [{ id: 1, connect: {} }], CLOSE.invalidToken],
    ['a role that does not read', [{ id: 1, connect: { token: 'operator' } }], CLOSE.permissionDenied],
    [
      'a refresh for another tenant',
      [
        { id: 1, connect: { token: 'good' } },
        { id: 2, refresh: { token: 'stranger' } },
      ],
      CLOSE.invalidToken,
    ],
    [
      'a refresh with a bad token',
      [
        { id: 1, connect: { token: 'good' } },
        { id: 2, refresh: { token: 'bad' } },
      ],
      CLOSE.invalidToken,
    ],
    [
      '65 commands in a frame',
      Array.from({ length: 65 }, (_, i) => ({ id: i + 1, ping: {} })),
      CLOSE.badRequest,
    ],
    [
      'a channel name of 200 letters',
      [
        { id: 1, connect: { token: 'good' } },
        { id: 2, subscribe: { channel: `kpi:${'x'.repeat(200)}` } },
      ],
      CLOSE.badRequest,
    ],
    [
      'a negative offset',
      [
        { id: 1, connect: { token: 'good' } },
        { id: 2, subscribe: { channel: 'kpi:acme', recover: true, offset: -1 } },
      ],
      CLOSE.badRequest,
    ],
  ])('is closed for %s', async (_, commands, code) => {
    await say(...(commands as object[]))
    expect(closed).toEqual([code])
  })

  it('answers an expired token at connect with an error, so that the client gets a new one', async () => {
    await say({ id: 1, connect: { token: 'old' } })
    expect([sent, closed]).toEqual([[{ id: 1, error: { code: 109, message: 'token expired' } }], []])
  })

  it('is closed when its user has too many connections', async () => {
    admitted = false
    await connect()
    expect([sent, closed]).toEqual([[], [CLOSE.connectionLimit]])
  })

  it('is closed when no token comes in time, and not a moment before', () => {
    at += 4_999
    session.tick()
    expect(closed).toEqual([])
    at += 1
    session.tick()
    expect(closed).toEqual([CLOSE.stale])
  })

  it('pings, and is closed when no pong comes', async () => {
    await connect()
    at += 25_000
    session.tick()
    expect(sent[1]).toEqual({})
    at += 7_000
    await say('{}')
    at += 18_000
    session.tick()
    expect([sent[2], closed]).toEqual([{}, []])
    at += 8_000
    session.tick()
    expect(closed).toEqual([CLOSE.noPong])
  })

  it('ends with its token unless that is refreshed', async () => {
    await connect()
    await say({ id: 2, refresh: { token: 'later' } })
    expect(sent[1]).toEqual({
      id: 2,
      refresh: { client: 'client-1', version: 'nikash', expires: true, ttl: 600 },
    })
    at = START + 604_999
    for (let i = 0; i < 2; i++) {
      session.receive('{}')
      session.tick()
    }
    expect(closed).toEqual([])
    at += 1
    session.tick()
    expect(closed).toEqual([CLOSE.expired])
  })

  it('is closed for a flood of commands', async () => {
    await connect()
    for (let i = 0; i < 3; i++)
      await say(...Array.from({ length: 60 }, (_, n) => ({ id: i * 60 + n + 2, ping: {} })))
    expect(closed).toEqual([CLOSE.tooManyRequests])
    expect(sent.length).toBeLessThanOrEqual(101)
  })

  it('leaves its rooms when the socket is gone', async () => {
    await connect()
    await say({ id: 2, subscribe: { channel: 'kpi:acme' } })
    session.end()
    expect(feed.isFollowed('acme')).toBe(false)
  })
})
