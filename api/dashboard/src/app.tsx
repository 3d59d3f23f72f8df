/** The page: who is signed in, which day and period are shown, and where the figures come from (socket or history). */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import {
  Api,
  type Day,
  demoToken,
  type KpiAnswer,
  Problem,
  type Session,
  sessionOf,
  type Tenant,
} from './api.ts'
import { PAYABLES, RECEIVABLES, type Side, useAging } from './aging.ts'
import { AlertsPanel } from './components/alerts.tsx'
import { AgingBars } from './components/aging.tsx'
import { RevenueChart } from './components/chart.tsx'
import { OpenItems } from './components/open-items.tsx'
import { SignIn } from './components/sign-in.tsx'
import { Statements } from './components/statements.tsx'
import { Status } from './components/status.tsx'
import { Tiles } from './components/tiles.tsx'
import { formatDate, type Language } from './format.ts'
import { type Label, translate } from './i18n.ts'
import { type Connection, connect, type LiveFigures, NOTHING } from './live.ts'
import { type Loaded, useDark, useLanguage, useLoaded, useThrottled } from './state.ts'

const WINDOWS = ['30d', '90d', '365d', 'mtd', 'qtd', 'fy'] as const
const CHART_DAYS = 90
/** The chart reads ClickHouse, which follows the live figures within a second. */
const CHART_REFRESH_MS = 3000
const DAY_MS = 86_400_000

export function App() {
  const [language, setLanguage] = useLanguage()
  const [session, setSession] = useState<Session>()
  const [demo, setDemo] = useState<'asking' | 'none' | 'given'>('asking')
  const [reason, setReason] = useState('')

  useEffect(() => {
    demoToken().then(
      (token) => {
        if (token === undefined) return setDemo('none')
        setDemo('given')
        setSession(sessionOf(token))
      },
      (error: unknown) => {
        setDemo('none')
        setReason(error instanceof Error ? error.message : String(error))
      },
    )
  }, [])

  const renew = useCallback(async (): Promise<string> => {
    const token = demo === 'given' ? await demoToken() : undefined
    if (token === undefined) throw new Problem(401, 'the session has ended')
    setSession(sessionOf(token))
    return token
  }, [demo])

  const end = useCallback((why: string) => {
    setReason(why)
    setSession(undefined)
  }, [])

  return session === undefined ? (
    <>
      <header class="top">
        <div class="brand">
          <img src="./favicon.svg" alt="" />
          <h1>Nikash · নিকাশ</h1>
        </div>
        <button type="button" onClick={() => setLanguage(language === 'en' ? 'bn' : 'en')}>
          {translate(language, 'language')}
        </button>
      </header>
      {demo === 'asking' ? (
        <p class="skeleton">{translate(language, 'loading')}…</p>
      ) : (
        <SignIn language={language} reason={reason} onSession={setSession} />
      )}
    </>
  ) : (
    <Dashboard
      key={session.tenant}
      session={session}
      language={language}
      setLanguage={setLanguage}
      renew={renew}
      onEnd={end}
    />
  )
}

interface DashboardProps {
  readonly session: Session
  readonly language: Language
  readonly setLanguage: (language: Language) => void
  readonly renew: () => Promise<string>
  readonly onEnd: (reason: string) => void
}

function Dashboard({ session, language, setLanguage, renew, onEnd }: DashboardProps) {
  const [connection, setConnection] = useState<Connection>('connecting')
  const [live, setLive] = useState<LiveFigures>(NOTHING)
  const [period, setPeriod] = useState<string>('30d')
  const [asOf, setAsOf] = useState<string>()
  const [opened, setOpened] = useState<{ readonly side: Side; readonly bucket: string }>()
  const [view, setView] = useState<'figures' | 'statements'>('figures')
  const dark = useDark()
  const [holder] = useState({ token: session.token })
  holder.token = session.token
  const api = useMemo(() => new Api(() => holder.token), [holder])

  useEffect(
    () =>
      connect(session, {
        onConnection: setConnection,
        onFigures: setLive,
        onRefused: () => onEnd('401'),
        refresh: renew,
      }),
    [session.tenant],
  )

  const tenant = useLoaded<Tenant>('tenant', (signal) => api.get('/v1/tenant', {}, signal))
  const today = live.aging?.asOf ?? tenant.value?.today ?? new Date().toISOString().slice(0, 10)
  const shown = asOf ?? today
  const kpis = useLoaded<KpiAnswer>(`${period}|${asOf ?? ''}`, (signal) =>
    api.get('/v1/kpis', { window: period, asOf }, signal),
  )
  const receivables = useAging(api, RECEIVABLES, live.aging, asOf)
  const payables = useAging(api, PAYABLES, live.payables, asOf)
  const books = [receivables, payables]
  const from = new Date(Date.parse(`${shown}T00:00:00Z`) - (CHART_DAYS - 1) * DAY_MS)
    .toISOString()
    .slice(0, 10)
  const present = live.kpis['30d']?.measures
  const flows =
    asOf === undefined ? `${present?.['netRevenue']?.value}|${present?.['cashReceived']?.value}` : ''
  const daily = useLoaded<{ readonly data: readonly Day[] }>(
    `${from}|${shown}|${useThrottled(flows, CHART_REFRESH_MS)}`,
    (signal) => api.get('/v1/daily', { from, to: shown }, signal),
  )
  const unauthorized = [tenant, kpis, ...books.map(({ read }) => read), daily].some(
    (l: Loaded<unknown>) => l.error?.includes('token') === true && l.value === undefined,
  )
  useEffect(() => {
    if (unauthorized) renew().catch(() => onEnd(''))
  }, [unauthorized])

  const liveWindow = asOf === undefined ? live.kpis[period] : undefined
  const values = liveWindow?.measures ?? kpis.value?.kpis
  const partial = liveWindow?.meta.partial ?? kpis.value?.partial ?? false
  const { aging } = receivables
  const currency = aging?.total.currency ?? tenant.value?.currency ?? 'BDT'
  const logTime = Math.max(
    0,
    live.aging?.logTime ?? 0,
    live.payables?.logTime ?? 0,
    ...Object.values(live.kpis).map((w) => w.meta.logTime),
  )

  const trends: Record<string, readonly number[]> = {
    netRevenue: (daily.value?.data ?? []).slice(-30).map((d) => Number(d.netRevenue.amount)),
    cashReceived: (daily.value?.data ?? []).slice(-30).map((d) => Number(d.cashIn.amount)),
  }
  const nothingYet =
    values !== undefined &&
    Object.values(values).every((k) => k.value === null || /^-?0(\.0+)?$/.test(k.value)) &&
    books.every((book) => book.aging !== undefined && /^-?0(\.0+)?$/.test(book.aging.total.amount))

  return (
    <>
      <header class="top">
        <div class="brand">
          <img src="./favicon.svg" alt="" />
          <div>
            <h1>{tenant.value?.name ?? session.tenant}</h1>
            <small>{translate(language, 'title')} · Nikash</small>
          </div>
        </div>
        <nav class="segmented" aria-label={translate(language, 'title')}>
          {(['figures', 'statements'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={view === one} onClick={() => setView(one)}>
              {translate(language, one)}
            </button>
          ))}
        </nav>
        <Status connection={connection} logTime={logTime} language={language} />
        <button type="button" onClick={() => setLanguage(language === 'en' ? 'bn' : 'en')}>
          {translate(language, 'language')}
        </button>
      </header>

      {view === 'statements' ? (
        <Statements api={api} language={language} today={today} />
      ) : (
        <>
          <div class="controls">
            <div class="segmented" role="group" aria-label={translate(language, 'window')}>
              {WINDOWS.map((w) => (
                <button key={w} type="button" aria-pressed={period === w} onClick={() => setPeriod(w)}>
                  {translate(language, `w${w}` as Label)}
                </button>
              ))}
            </div>
            <label>
              {translate(language, 'asOf')}{' '}
              <input
                type="date"
                value={shown}
                onChange={(e) =>
                  setAsOf(
                    e.currentTarget.value === '' || e.currentTarget.value === today
                      ? undefined
                      : e.currentTarget.value,
                  )
                }
              />
            </label>
            {asOf !== undefined && (
              <button type="button" onClick={() => setAsOf(undefined)}>
                {translate(language, 'today')}
              </button>
            )}
            <span class="note">{formatDate(shown, language)}</span>
          </div>

          {[kpis, ...books.map(({ read }) => read), daily].map((read, i) =>
            read.error === undefined || read.value !== undefined ? null : (
              <p key={i} class="error panel" role="alert">
                {translate(language, 'failed', { reason: read.error })}{' '}
                <button type="button" onClick={read.reload}>
                  {translate(language, 'retry')}
                </button>
              </p>
            ),
          )}

          {nothingYet && <p class="panel empty">{translate(language, 'empty')}</p>}
          <Tiles
            api={api}
            values={values}
            window={period}
            asOf={asOf}
            today={today}
            partial={partial}
            trends={trends}
            currency={currency}
            language={language}
            dark={dark}
          />

          {asOf === undefined && (
            <AlertsPanel api={api} alerts={live.alerts} language={language} mayAct={session.mayAct} />
          )}

          <div class="books">
            {books.map((book) =>
              book.aging === undefined ? (
                <section key={book.side.name} class="panel skeleton">
                  {translate(language, book.side.labels.title)}…
                </section>
              ) : (
                <AgingBars
                  key={book.side.name}
                  side={book.side}
                  aging={book.aging}
                  language={language}
                  moved={book.moved}
                  onOpen={(bucket) => setOpened({ side: book.side, bucket })}
                  onBasis={book.setBasis}
                />
              ),
            )}
          </div>

          <section class="panel">
            <h2>{translate(language, 'chart')}</h2>
            {daily.value === undefined ? (
              <p class="chart skeleton">
                {daily.error === undefined && `${translate(language, 'loading')}…`}
              </p>
            ) : (
              <RevenueChart days={daily.value.data} currency={currency} language={language} dark={dark} />
            )}
          </section>
        </>
      )}

      {books.map(
        ({ side, basis, aging: shownAging }) =>
          opened?.side === side && (
            <OpenItems
              key={side.name}
              api={api}
              side={side}
              bucket={opened.bucket}
              basis={basis}
              asOf={asOf}
              version={shownAging?.total.amount ?? ''}
              language={language}
              onClose={() => setOpened(undefined)}
            />
          ),
      )}
    </>
  )
}
