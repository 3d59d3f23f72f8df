/**
 * Live figures through the whole flow: a command over HTTP becomes a frame at a stock centrifuge client and at a plain
 * socket; a client that was away gets what it missed; and what the sockets say is what the reads say, from both stores.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Centrifuge, type PublicationContext, type SubscribedContext, type Subscription } from 'centrifuge'
import { type Books, openBooks } from '../support/books.ts'
import { eventually, read } from '../support/http.ts'
import { describeStack, signToken } from '../support/stack.ts'

interface Figures {
  kpis: Record<string, Record<string, string | null>>
  aging: Record<string, { total: string; due: readonly string[] }>
}
interface Frame {
  readonly kpis?: Record<string, { measures: Record<string, { value: string | null }> }>
  readonly aging?: Record<string, { total: string; due: readonly string[] } | null>
}

/** The client's side of the contract: a frame over what one has, key by key. */
function put(figures: Figures, frame: Frame): void {
  for (const [window, { measures }] of Object.entries(frame.kpis ?? {})) {
    const known = (figures.kpis[window] ??= {})
    for (const [name, { value }] of Object.entries(measures)) known[name] = value
  }
  for (const [slice, value] of Object.entries(frame.aging ?? {})) {
    if (value === null) delete figures.aging[slice]
    else figures.aging[slice] = { total: value.total, due: value.due }
  }
}

class Follower {
  readonly centrifuge: Centrifuge
  readonly subscription: Subscription
  readonly subscribed: SubscribedContext[] = []
  readonly offsets: number[] = []
  figures: Figures = { kpis: {}, aging: {} }

  constructor(url: string, channel: string, token: string) {
    this.centrifuge = new Centrifuge(url, { token, minReconnectDelay: 50, maxReconnectDelay: 500 })
    this.subscription = this.centrifuge.newSubscription(channel)
    this.subscription.on('subscribed', (context) => {
      this.subscribed.push(context)
      if (context.recovered) return
      this.figures = { kpis: {}, aging: {} }
      this.offsets.length = 0
      put(this.figures, context.data as Frame)
    })
    this.subscription.on('publication', (context: PublicationContext) => {
      if (context.offset !== undefined) this.offsets.push(context.offset)
      put(this.figures, context.data as Frame)
    })
    this.subscription.subscribe()
    this.centrifuge.connect()
  }
}

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

describeStack('sockets', ['apiUrl', 'commandsUrl', 'jwtAccessSecret'], (stack) => {
  const socketUrl = `${stack.apiUrl.replace('http', 'ws')}/connection/websocket`
  let books: Books
  let follower: Follower
  let invoice: string

  beforeAll(async () => {
    books = await openBooks(stack, { prefix: 'socket' })
    invoice = await books.invoice('1000.00', { invoiceDate: daysAgo(50), dueDate: daysAgo(40) })
    follower = new Follower(socketUrl, `dashboard:${books.tenant}`, books.reader)
    await eventually('the invoice at the socket', async () =>
      expect(follower.figures.aging['total']?.total).toBe('1000.00'),
    )
  }, 90_000)
  afterAll(() => follower?.centrifuge.disconnect())

  it('a payment reaches a subscriber as one more offset, without a reload', async () => {
    const before = follower.figures.kpis['90d']?.['dso']
    await books.payment('400.00', { allocations: [{ invoiceId: invoice, amount: '400.00' }] })
    await eventually('the payment at the socket', async () => {
      expect(follower.figures.aging['total']).toMatchObject({
        total: '600.00',
        due: ['0.00', '0.00', '600.00', '0.00', '0.00'],
      })
      expect(follower.figures.kpis['90d']?.['dso']).not.toBe(before)
      expect(follower.figures.kpis['30d']?.['cashReceived']).toBe('400.00')
    })
    const contiguous = follower.offsets.map((_, i) => (follower.offsets[0] ?? 0) + i)
    expect(follower.offsets).toEqual(contiguous)
  }, 60_000)

  it('a client that was away gets exactly what it missed', async () => {
    await eventually('the stream to be calm', async () => {
      const seen = follower.offsets.length
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      expect(follower.offsets).toHaveLength(seen)
    })
    const last = follower.offsets.at(-1) ?? follower.subscribed.at(-1)?.streamPosition?.offset ?? 0
    follower.centrifuge.disconnect()
    const witness = new Follower(socketUrl, `dashboard:${books.tenant}`, books.reader)
    try {
      for (const amount of ['10.00', '20.00', '30.00'])
        await books.payment(amount, { allocations: [{ invoiceId: invoice, amount }] })
      await eventually('the payments at the witness', async () =>
        expect(witness.figures.aging['total']?.total).toBe('540.00'),
      )
      const count = follower.subscribed.length
      follower.centrifuge.connect()
      await eventually('the way back', async () => expect(follower.subscribed.length).toBeGreaterThan(count))
      expect(follower.subscribed.at(-1)).toMatchObject({ wasRecovering: true, recovered: true })
      await eventually('the same figures as the witness', async () => {
        expect(follower.figures).toEqual(witness.figures)
        expect(follower.offsets.at(-1)).toBe(Math.max(witness.offsets.at(-1) ?? 0, last))
      })
      expect(follower.offsets.find((offset) => offset > last)).toBe(last + 1)
      expect(follower.offsets).toEqual(follower.offsets.map((_, i) => (follower.offsets[0] ?? 0) + i))
    } finally {
      witness.centrifuge.disconnect()
    }
  }, 90_000)

  it('the reads say what the sockets say, from the live figures and from the facts', async () => {
    const { asOf } = await read<{ asOf: string }>(stack.apiUrl, '/v1/tenant', books.reader)
    await eventually('the facts to follow', async () => {
      for (const path of [
        '/v1/receivables/aging',
        `/v1/receivables/aging?asOf=${asOf}&ageCredits=none&groupBy=customer`,
      ]) {
        const aging = await read<{ total: { amount: string }; buckets: { amount: { amount: string } }[] }>(
          stack.apiUrl,
          path,
          books.reader,
        )
        expect(aging.total.amount).toBe(follower.figures.aging['total']?.total)
        expect(aging.buckets.map((bucket) => bucket.amount.amount)).toEqual(
          follower.figures.aging['total']?.due,
        )
      }
      const open = await read<{ data: { open: { amount: string } }[] }>(
        stack.apiUrl,
        '/v1/receivables/open',
        books.reader,
      )
      expect(open.data.map((item) => item.open.amount)).toEqual(['540.00'])
      for (const window of ['30d', '90d', 'fy']) {
        const answer = await read<{ source: string; kpis: Record<string, { value: string | null }> }>(
          stack.apiUrl,
          `/v1/kpis?window=${window}`,
          books.reader,
        )
        expect(answer.source).toBe('redis')
        const values = Object.fromEntries(
          Object.entries(answer.kpis).map(([name, { value }]) => [name, value]),
        )
        expect(values).toEqual(follower.figures.kpis[window])
      }
    })
    // Own edges are never in the live figures: this one is computed from the facts.
    const computed = await read<{ source: string; total: { amount: string } }>(
      stack.apiUrl,
      '/v1/receivables/aging?buckets=39,40',
      books.reader,
    )
    expect(computed).toMatchObject({ source: 'clickhouse', total: { amount: '540.00' } })
    const explained = await read<{ sum: { amount: string }; inputs: { name: string; value: string }[] }>(
      stack.apiUrl,
      '/v1/kpis/dso/explain?window=90d&input=closingReceivables',
      books.reader,
    )
    expect(explained.inputs.find(({ name }) => name === 'closingReceivables')?.value).toBe(
      explained.sum.amount,
    )
  }, 60_000)

  it('the plain form says the same', async () => {
    const frames: {
      event: string
      data: { kpis?: Record<string, { value: string | null }>; aging?: Figures['aging'] }
    }[] = []
    const socket = new WebSocket(`${stack.apiUrl.replace('http', 'ws')}/ws`)
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify({ join: `tenant:${books.tenant}`, token: books.reader, window: '90d' })),
    )
    socket.addEventListener('message', ({ data }) =>
      frames.push(JSON.parse(String(data)) as (typeof frames)[number]),
    )
    try {
      await eventually('the state', async () =>
        expect(frames.map(({ event }) => event)).toEqual(['joined', 'kpi:update', 'aging:update']),
      )
      expect(frames[1]?.data.kpis?.['dso']?.value).toBe(follower.figures.kpis['90d']?.['dso'])
      expect(frames[2]?.data.aging?.['total']?.total).toBe('540.00')
    } finally {
      socket.close()
    }
  }, 60_000)

  it('a stranger is refused the channel and hears nothing', async () => {
    const token = await signToken(stack.jwtAccessSecret, { tenant: `${books.tenant}x`, role: 'reader' })
    const stranger = new Follower(socketUrl, `dashboard:${books.tenant}`, token)
    try {
      const code = await new Promise<number>((resolve) =>
        stranger.subscription.on('unsubscribed', (context) => resolve(context.code)),
      )
      expect(code).toBe(103)
      await books.payment('1.00', { allocations: [{ invoiceId: invoice, amount: '1.00' }] })
      await eventually('the payment at its owner', async () =>
        expect(follower.figures.aging['total']?.total).toBe('539.00'),
      )
      expect([stranger.subscribed, stranger.offsets]).toEqual([[], []])
    } finally {
      stranger.centrifuge.disconnect()
    }
  }, 60_000)
})
