/**
 * The page in a real browser, on the real stack: one payment over HTTP moves the aging bars and the DSO tile without a
 * reload; so it does on a stock centrifuge client, and one that was away gets exactly what it missed. Screenshots go to
 * NIKASH_SHOTS when it is set. The view of a KPI and the alerts: page-kpi.test.ts, page-alerts.test.ts.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Centrifuge } from 'centrifuge'
import type { Browser, Page } from 'playwright-core'
import { type Books, openBooks } from '../support/books.ts'
import { eventually } from '../support/http.ts'
import { openBrowser, openPage, PHONE, shot, violationsOn } from '../support/page.ts'
import { describeStack } from '../support/stack.ts'

describeStack('the page', ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'browser'], (stack) => {
  let browser: Browser
  let books: Books
  beforeAll(async () => {
    browser = await openBrowser(stack.browser)
    books = await openBooks(stack, { prefix: 'page', name: 'মেঘনা ট্রেডিং', customer: 'Padma Textiles' })
  }, 60_000)
  afterAll(() => browser?.close())

  const open = (token = books.reader) => openPage(browser, { apiUrl: stack.apiUrl, token })
  const amountOf = (page: Page, bucket: string) =>
    page.locator(`[data-side="receivables"] [data-bucket="${bucket}"]`).getAttribute('data-amount')
  const valueOf = (page: Page, kpi: string) =>
    page.locator(`[data-kpi="${kpi}"] .value`).getAttribute('data-value')

  it('shows an empty business as empty, live, and without complaint', async () => {
    const { page, complaints } = await open()
    await page.locator('[data-state="live"]').waitFor()
    await page.locator('.empty').waitFor()
    await shot(page, 'empty')
    expect(complaints).toEqual([])
    await page.context().close()
  }, 60_000)

  it('moves bars and tiles on one payment, without a reload', async () => {
    const day = new Date(Date.now() - 40 * 86_400_000).toISOString().slice(0, 10)
    const invoice = await books.invoice('100000.00', { invoiceDate: day, dueDate: day })
    const { page, complaints } = await open()
    await eventually('the invoice in its bucket', async () =>
      expect(await amountOf(page, '31-60')).toBe('100000.00'),
    )
    await page.locator('.segmented button', { hasText: '90 days' }).click()
    const dso = await valueOf(page, 'dso')
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
    await books.payment('40000.00', { allocations: [{ invoiceId: invoice, amount: '40000.00' }] })
    await eventually('the bar to move', async () => expect(await amountOf(page, '31-60')).toBe('60000.00'))
    await eventually('the DSO tile to move', async () => expect(await valueOf(page, 'dso')).not.toBe(dso))
    expect(await page.evaluate(() => 'sameDocument' in globalThis)).toBe(true)

    await page.locator('[data-side="receivables"] [data-bucket="31-60"]').click()
    await page.locator('dialog tbody tr').first().waitFor()
    await eventually('the invoice behind the bar', async () =>
      expect(await page.locator('dialog tbody tr').allInnerTexts()).toEqual([
        expect.stringMatching(/Padma Textiles.*60,000\.00/s),
      ]),
    )
    await page.locator('dialog button', { hasText: 'Close' }).click()
    await shot(page, 'light')
    expect(complaints).toEqual([])
    await page.context().close()
  }, 90_000)

  it('speaks Bengali, groups in lakh, fits a phone, and passes the accessibility rules in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const options = { viewport: PHONE, locale: 'bn-BD', colorScheme }
      const { page } = await openPage(browser, { apiUrl: stack.apiUrl, token: books.reader }, options)
      await eventually('Bengali figures', async () =>
        expect(await page.locator('[data-side="receivables"] [data-bucket="31-60"]').innerText()).toContain(
          '৬০,০০০.০০৳',
        ),
      )
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      expect(await violationsOn(page)).toEqual([])
      await shot(page, `phone-${colorScheme}`)
      await page.context().close()
    }
  }, 90_000)

  it('shows a past day on request and comes back to the present', async () => {
    const { page } = await open()
    await page.locator('[data-state="live"]').waitFor()
    await page.locator('input[type=date]').fill('2001-01-01')
    await eventually('nothing owed in 2001', async () => expect(await amountOf(page, '31-60')).toBe('0.00'))
    await page.locator('.controls button', { hasText: 'Today' }).click()
    await eventually('the present', async () => expect(await amountOf(page, '31-60')).toBe('60000.00'))
    await page.context().close()
  }, 60_000)

  it('shows the statements of the books, in English and in Bengali with lakh groups', async () => {
    const { page, complaints } = await open()
    const cell = (row: string) =>
      page.locator(`[data-row="${row}"] [data-amount]`).first().getAttribute('data-amount')
    await page.locator('nav button', { hasText: 'Statements' }).click()
    await eventually('the balance sheet', async () =>
      expect([await cell('assets'), await cell('1200'), await cell('liabilitiesAndEquity')]).toEqual([
        '100000.00',
        '60000.00',
        '100000.00',
      ]),
    )
    expect(await page.locator('[data-balanced]').getAttribute('data-balanced')).toBe('true')
    await shot(page, 'balance-sheet')
    const from = new Date(Date.now() - 60 * 86_400_000).toISOString().slice(0, 10)
    await page.locator('.statements button', { hasText: 'Profit and loss' }).click()
    await page.locator('input[name=from]').fill(from)
    await eventually('the profit', async () => expect(await cell('netProfit')).toBe('100000.00'))
    await page.locator('select[name=compare]').selectOption('none')
    await eventually('one column', async () =>
      expect(await page.locator('[data-row="netProfit"] [data-amount]').count()).toBe(1),
    )
    await page.locator('.statements button', { hasText: 'Cash flow' }).click()
    await page.locator('select[name=method]').selectOption('indirect')
    await eventually('the cash flow', async () =>
      expect([await cell('1200'), await cell('cashClosing')]).toEqual(['-60000.00', '40000.00']),
    )
    await shot(page, 'cash-flow')
    await page.locator('.top button', { hasText: 'বাংলা' }).click()
    await page.locator('.statements button', { hasText: 'উদ্বৃত্তপত্র' }).click()
    await eventually('Bengali figures', async () =>
      expect(await page.locator('[data-row="assets"]').innerText()).toContain('১,০০,০০০.০০৳'),
    )
    await shot(page, 'balance-sheet-bn')
    expect(complaints).toEqual([])
    await page.context().close()
  }, 90_000)

  it('says so when the connection is gone', async () => {
    const { page } = await open()
    await page.locator('[data-state="live"]').waitFor()
    await page.context().setOffline(true)
    await page.evaluate("window.dispatchEvent(new Event('offline'))")
    await page.locator('[data-state="connecting"], [data-state="offline"]').waitFor()
    await shot(page, 'offline')
    await page.context().setOffline(false)
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await page.locator('[data-state="live"]').waitFor({ timeout: 30_000 })
    await page.context().close()
  }, 90_000)
})

describeStack('a stock centrifuge client', ['apiUrl', 'commandsUrl', 'jwtAccessSecret'], (stack) => {
  interface Frame {
    readonly aging?: Readonly<Record<string, { readonly total: string } | null>>
  }

  it('gets the snapshot, each change, and exactly what it missed while away', async () => {
    const books = await openBooks(stack, { prefix: 'cf' })
    await books.invoice('500.00')
    const url = `${stack.apiUrl.replace(/^http/, 'ws')}/connection/websocket`
    const client = new Centrifuge(url, { token: books.reader, minReconnectDelay: 10, maxReconnectDelay: 50 })
    const totals: string[] = []
    const offsets: number[] = []
    const recovered: boolean[] = []
    const note = (frame: Frame | undefined) => {
      const total = frame?.aging?.['total']?.total
      if (total !== undefined) totals.push(total)
    }
    const subscription = client.newSubscription(`aging:${books.tenant}`, {
      recoverable: true,
      positioned: true,
    })
    subscription.on('subscribed', (context) => {
      recovered.push(context.recovered)
      if (!context.recovered) note(context.data as Frame | undefined)
    })
    subscription.on('publication', (context) => {
      // A frame that tells the state alone ("whole again") is no step of the stream.
      if (context.offset !== undefined) offsets.push(context.offset)
      note(context.data as Frame)
    })
    subscription.subscribe()
    client.connect()
    const last = (total: string) =>
      eventually(`a total of ${total}`, async () => expect(totals.at(-1)).toBe(total))
    try {
      await last('500.00')
      await books.payment('100.00')
      await last('400.00')
      client.disconnect()
      const seen = offsets.length
      for (const total of ['450.00', '475.00']) {
        await books.invoice((Number(total) - Number(total === '450.00' ? 400 : 450)).toFixed(2))
        await new Promise((resolve) => setTimeout(resolve, 700))
      }
      expect(offsets).toHaveLength(seen)
      client.connect()
      await last('475.00')
      expect(recovered.at(-1)).toBe(true)
      expect(totals).toContain('450.00')
      const contiguous = offsets.map((_, i) => (offsets[0] ?? 0) + i)
      expect({ offsets, totals, recovered }).toEqual({ offsets: contiguous, totals, recovered })
    } finally {
      client.disconnect()
    }
  }, 90_000)
})
