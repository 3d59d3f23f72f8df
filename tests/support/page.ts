/** The page in a real browser: signed in to a tenant of the stack under test, in English or Bengali, light or dark. */
import path from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const openBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: CHROMIUM_FLAGS })

/** Documents come out of ClickHouse: on a busy machine a page waits for it. */
const WAIT_MS = 60_000

export const PHONE = { width: 360, height: 800 }

export interface Opened {
  readonly page: Page
  /** What the page asked of other hosts or complained about. */
  readonly complaints: string[]
}

/** A page signed in by a token, in a context of its own: close it by `page.context().close()`. */
export async function openPage(
  browser: Browser,
  as: { readonly apiUrl: string; readonly token: string },
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 1000 },
    locale: 'en-US',
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT_MS)
  const complaints: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(as.apiUrl)) complaints.push(`asked for ${request.url()}`)
  })
  page.on('console', (message) => {
    // A store that is too busy to answer is no fault of the page: it says so, and asks again.
    const isBusy = /Failed to load resource: .* status of 50[34] /.test(message.text())
    if (message.type() === 'error' && !isBusy) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.route('**/v1/demo-session', (route) => route.fulfill({ json: { token: as.token } }))
  await page.goto(`${as.apiUrl}/`)
  return { page, complaints }
}

/** The accessibility rules that the page breaks, with the elements that do. */
export async function violationsOn(page: Page): Promise<unknown[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa']).analyze()
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])
}

/** A screenshot into the folder that NIKASH_SHOTS names; none without it. A dialog is shown as a person sees it. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env['NIKASH_SHOTS']
  if (folder === undefined) return
  const fullPage = (await page.locator('dialog[open]').count()) === 0
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage })
}
