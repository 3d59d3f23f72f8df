/**
 * The alerts of the page in a real browser, on the real stack: a rule fires and its alert is there without a reload; it is
 * acknowledged and resolved from the page. Screenshots go to NIKASH_SHOTS when it is set.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { type Books, openBooks } from '../support/books.ts'
import { command, eventually, read } from '../support/http.ts'
import { openBrowser, openPage, PHONE, shot, violationsOn } from '../support/page.ts'
import { describeStack } from '../support/stack.ts'

const RULE = 'much-is-open'

describeStack('the alerts of the page', ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'browser'], (stack) => {
  let browser: Browser
  let books: Books
  beforeAll(async () => {
    browser = await openBrowser(stack.browser)
    books = await openBooks(stack, { prefix: 'alarm', name: 'মেঘনা ট্রেডিং' })
    await addRule(RULE, '150000')
    await books.invoice('100000.00')
  }, 60_000)
  afterAll(() => browser?.close())
  const addRule = (id: string, threshold: string) =>
    command(stack.commandsUrl, '/v1/alert-rules', books.writer, {
      id,
      measure: 'receivablesTotal',
      operator: 'ABOVE',
      threshold,
      severity: 'WARNING',
    })

  const open = (token: string, options = {}) => openPage(browser, { apiUrl: stack.apiUrl, token }, options)
  const alert = (page: Page) => page.locator(`[data-alert="${RULE}"]`)
  const inState = (page: Page, state: string) =>
    page.locator(`[data-alert="${RULE}"][data-state="${state}"]`).waitFor()
  const stateByApi = async () => {
    const { data } = await read<{ data: { ruleId: string; state: string }[] }>(
      stack.apiUrl,
      '/v1/alerts',
      books.reader,
    )
    return data.filter(({ ruleId }) => ruleId === RULE).map(({ state }) => state)
  }

  it('opens when its rule fires, is acknowledged and resolved from the page, and leaves', async () => {
    const { page, complaints } = await open(books.writer)
    await eventually('the first invoice', async () =>
      expect(await page.locator('[data-kpi="receivables"] .value').getAttribute('data-value')).toBe(
        '100000.00',
      ),
    )
    expect(await alert(page).count()).toBe(0)
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
    await books.invoice('50000.01')
    await inState(page, 'OPEN')
    expect(await alert(page).innerText()).toContain('Open invoices: 1,50,000.01, above 1,50,000.')
    await shot(page, 'alert')
    expect(await violationsOn(page)).toEqual([])

    await alert(page).locator('button', { hasText: 'Acknowledge' }).focus()
    await page.keyboard.press('Enter')
    await inState(page, 'ACKNOWLEDGED')
    await eventually('the state by the API', async () => expect(await stateByApi()).toEqual(['ACKNOWLEDGED']))
    // The button is gone, but the person is still at the alert.
    await eventually('the focus', async () =>
      expect(await page.evaluate('document.activeElement.closest("[data-alert]")?.dataset.alert')).toBe(RULE),
    )
    await alert(page).locator('button', { hasText: 'Resolve' }).click()
    await eventually('the alert to leave', async () => expect(await alert(page).count()).toBe(0))
    expect(await page.evaluate('document.activeElement.id')).toBe('alerts-title')
    expect(await page.evaluate('"sameDocument" in globalThis')).toBe(true)
    expect(complaints).toEqual([])
    await page.context().close()
  }, 240_000)

  it('is read only without the role, in Bengali, on a phone, in light and dark', async () => {
    await addRule('more-is-open', '200000')
    await books.invoice('50000.00')
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open(books.reader, { viewport: PHONE, locale: 'bn-BD', colorScheme })
      await page.locator('[data-alert="more-is-open"]').waitFor()
      expect(await page.locator('.alerts li').innerText()).toContain('বকেয়া চালান: ২,০০,০০০.০১, সীমা ২,০০,০০০')
      expect(await page.locator('.alerts button').count()).toBe(0)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      expect(await violationsOn(page)).toEqual([])
      await shot(page, `alert-phone-${colorScheme}`)
      await page.context().close()
    }
  }, 240_000)
})
