/**
 * The view of a KPI in a real browser, on the real stack: opened by mouse and keyboard, it shows the value as it moves, why
 * it is what it is, and the documents that sum to it. Screenshots go to NIKASH_SHOTS when it is set.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { type Books, openBooks } from '../support/books.ts'
import { eventually } from '../support/http.ts'
import { openBrowser, openPage, PHONE, shot, violationsOn } from '../support/page.ts'
import { describeStack } from '../support/stack.ts'

describeStack('the view of a KPI', ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'browser'], (stack) => {
  let browser: Browser
  let books: Books
  beforeAll(async () => {
    browser = await openBrowser(stack.browser)
    books = await openBooks(stack, { prefix: 'view', name: 'মেঘনা ট্রেডিং', customer: 'Padma Textiles' })
    // 29 invoices of 1,000 and one of 71,000: 1,00,000 together.
    for (let i = 0; i < 29; i++) await books.invoice('1000.00')
    await books.invoice('71000.00')
  }, 240_000)
  afterAll(() => browser?.close())

  const open = (options = {}) => openPage(browser, { apiUrl: stack.apiUrl, token: books.reader }, options)
  const tile = (page: Page, name: string) => page.locator(`[data-kpi="${name}"] h3 button`)
  const view = (page: Page, name: string) => page.locator(`dialog[data-view="${name}"]`)
  const valueOf = (page: Page) => page.locator('dialog > .value').getAttribute('data-value')
  const inputOf = (page: Page, input: string) =>
    page.locator(`dialog [data-input="${input}"]`).getAttribute('data-value')
  const sumOf = (page: Page) => page.locator('dialog [data-sum]').getAttribute('data-sum')
  const rowsOf = (page: Page) => page.locator('dialog [data-documents] tbody tr')
  const settled = (page: Page) => page.locator('dialog [data-settled="true"]').waitFor()
  const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent')

  it('opens by the keyboard, shows the documents that sum to the number, and gives the focus back', async () => {
    const { page, complaints } = await open()
    await eventually('the invoices', async () =>
      expect(await page.locator('[data-kpi="netRevenue"] .value').getAttribute('data-value')).toBe(
        '100000.00',
      ),
    )
    await tile(page, 'netRevenue').focus()
    await page.keyboard.press('Enter')
    await view(page, 'netRevenue').waitFor()
    expect([await valueOf(page), await inputOf(page, 'invoiced'), await inputOf(page, 'invoices')]).toEqual([
      '100000.00',
      '100000.00',
      '30',
    ])
    expect(await page.locator('dialog .meaning').innerText()).toContain('What was sold in the period')
    expect(await page.locator('dialog .formula').innerText()).toContain('approved invoices')
    await settled(page)
    expect(await sumOf(page)).toBe('100000.00')
    const rows = rowsOf(page)
    expect(await rows.count()).toBe(25)
    expect(await page.locator('dialog').innerText()).toContain('first 25 of 30')
    await page.locator('dialog button', { hasText: 'Show more' }).click()
    await eventually('all rows', async () => expect(await rows.count()).toBe(30))
    expect(await rows.filter({ hasText: '৳71,000.00' }).count()).toBe(1)
    await page.locator('dialog .history').waitFor()
    expect(Number(await page.locator('dialog .history').getAttribute('data-points'))).toBeGreaterThan(0)
    await page.locator('dialog button', { hasText: 'By hour' }).click()
    await page.locator('dialog .history').waitFor()
    await shot(page, 'kpi')
    // Focus stays inside, and goes back to where it came from.
    for (let i = 0; i < 12; i++) await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true)
    await page.keyboard.press('Escape')
    await eventually('the end of the dialog', async () =>
      expect(await page.locator('dialog').count()).toBe(0),
    )
    expect(await focused(page)).toBe('Net revenue')
    expect(complaints).toEqual([])
    await page.context().close()
  }, 240_000)

  it('follows what is pushed: the value, its inputs and its documents', async () => {
    const { page, complaints } = await open()
    // By the mouse, somewhere on the tile.
    await page.locator('[data-kpi="receivables"]').click({ position: { x: 60, y: 60 } })
    await view(page, 'receivables').waitFor()
    await settled(page)
    const before = Number(await valueOf(page))
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
    await books.payment('250.50')
    const after = (before - 250.5).toFixed(2)
    await eventually('the value to move', async () => expect(await valueOf(page)).toBe(after))
    await eventually('the input to move', async () =>
      expect(await inputOf(page, 'closingReceivables')).toBe(after),
    )
    await eventually('the documents to follow', async () => expect(await sumOf(page)).toBe(after))
    await settled(page)
    const rows = rowsOf(page)
    await page.locator('dialog button', { hasText: 'Show more' }).click()
    await eventually('the receipt among them', async () =>
      expect(await rows.filter({ hasText: 'receipt not applied' }).innerText()).toContain('-৳250.50'),
    )
    expect(await page.evaluate('"sameDocument" in globalThis')).toBe(true)
    expect(complaints).toEqual([])
    await page.context().close()
  }, 240_000)

  it('says why there is no value, and leads on from a KPI to those that it is made of', async () => {
    const { page } = await open()
    await tile(page, 'profitMargin').click()
    await view(page, 'profitMargin').waitFor()
    expect(await page.locator('dialog [data-reason]').getAttribute('data-reason')).toBe('zero_denominator')
    expect(await page.locator('dialog > .value').innerText()).toBe('No value')
    await page.locator('dialog button', { hasText: 'Close' }).click()
    await tile(page, 'cashConversionCycle').click()
    await page.locator('dialog [data-input="dso"] button').click()
    await view(page, 'dso').waitFor()
    expect(await focused(page)).toContain('Days sales outstanding')
    await page.locator('dialog [data-input="sales"] button').click()
    await settled(page)
    expect(await sumOf(page)).toBe('100000.00')
    await page.context().close()
  }, 240_000)

  it('shows a past day without what came later', async () => {
    const { page } = await open()
    await page.locator('[data-state="live"]').waitFor()
    await page.locator('input[type=date]').fill('2001-01-31')
    await eventually('nothing sold in 2001', async () =>
      expect(await page.locator('[data-kpi="netRevenue"] .value').getAttribute('data-value')).toBe('0.00'),
    )
    await tile(page, 'netRevenue').click()
    await view(page, 'netRevenue').waitFor()
    expect(await page.locator('dialog h2').innerText()).toContain('31 Jan 2001')
    await eventually('no documents', async () =>
      expect(await page.locator('dialog').innerText()).toContain('No documents.'),
    )
    await page.context().close()
  }, 240_000)

  it('speaks Bengali, fits a phone, and passes the accessibility rules in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open({ viewport: PHONE, locale: 'bn-BD', colorScheme })
      await tile(page, 'netRevenue').click()
      await settled(page)
      await page.locator('dialog .history').waitFor()
      expect(await page.locator('dialog').innerText()).toContain('মোট ৩০টির প্রথম ২৫টি')
      expect(await page.locator('dialog .meaning').innerText()).toContain('সময়কালে যা বিক্রি হয়েছে')
      expect(await rowsOf(page).first().innerText()).toMatch(/১,০০০\.০০৳|৭১,০০০\.০০৳/)
      const width = await page.evaluate<number>(
        'Math.max(document.documentElement.scrollWidth, document.querySelector("dialog").scrollWidth)',
      )
      expect(width).toBeLessThanOrEqual(PHONE.width)
      expect(await violationsOn(page)).toEqual([])
      await shot(page, `kpi-phone-${colorScheme}`)
      await page.locator('dialog tfoot').scrollIntoViewIfNeeded()
      await shot(page, `kpi-phone-documents-${colorScheme}`)
      await page.context().close()
    }
  }, 240_000)
})
