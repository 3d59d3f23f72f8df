/**
 * Live alerts, the most urgent first, as they come over the socket. Who may command sees what can be done about each;
 * everybody else reads. An alert leaves the list when it clears or is resolved.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { adviceOf, messageOf } from '../alert-words.ts'
import type { Api } from '../api.ts'
import { formatCount, formatDate, type Language } from '../format.ts'
import { type Label, translate } from '../i18n.ts'
import type { LiveAlert } from '../live.ts'

interface Props {
  readonly api: Api
  readonly alerts: Readonly<Record<string, LiveAlert>>
  readonly language: Language
  /** Whether the token may command. */
  readonly mayAct: boolean
}

const URGENCY = ['CRITICAL', 'WARNING', 'INFO']
const urgencyOf = ({ severity }: LiveAlert): number => (URGENCY.indexOf(severity) + 3) % 3

/** What a person can do next, by state. */
const MOVES: Readonly<Record<string, readonly Move[]>> = {
  OPEN: ['acknowledge', 'escalate'],
  ACKNOWLEDGED: ['resolve', 'escalate'],
  ESCALATED: ['acknowledge', 'resolve'],
}
type Move = 'acknowledge' | 'escalate' | 'resolve'

/** So many are shown; the others on request, so that a bad day does not push the figures out of sight. */
const SHOWN = 5

export function AlertsPanel({ api, alerts, language, mayAct }: Props) {
  const [busy, setBusy] = useState('')
  const [error, setError] = useState('')
  const listed = Object.entries(alerts).sort(
    ([, a], [, b]) => urgencyOf(a) - urgencyOf(b) || b.raisedAt - a.raisedAt,
  )
  const [all, setAll] = useState(false)
  const panel = useRef<HTMLElement>(null)
  const acted = useRef('')
  // The button that was pressed goes when its alert moves on: focus stays at the alert, or with the list.
  useEffect(() => {
    if (acted.current === '' || document.activeElement !== document.body) return
    const next = `[data-id="${acted.current}"] button`
    const to = panel.current?.querySelector<HTMLElement>(next) ?? panel.current?.querySelector('h2')
    to?.focus()
  }, [alerts])
  const act = async (id: string, move: Move) => {
    if (busy !== '') return
    acted.current = id
    setBusy(id)
    setError('')
    try {
      await api.post(`/v1/alerts/${id}/${move}`, {})
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
    } finally {
      setBusy('')
    }
  }
  return (
    <section ref={panel} class="panel alerts" aria-labelledby="alerts-title">
      <h2 id="alerts-title" tabindex={-1}>
        {translate(language, 'alerts')}
        {listed.length > 0 && <small> {formatCount(listed.length, language)}</small>}
      </h2>
      {error !== '' && (
        <p class="error" role="alert">
          {translate(language, 'failed', { reason: error })}
        </p>
      )}
      {listed.length === 0 && <p class="note">{translate(language, 'noAlerts')}</p>}
      <ul aria-live="polite">
        {(all ? listed : listed.slice(0, SHOWN)).map(([id, alert]) => (
          <li
            key={id}
            data-id={id}
            data-alert={alert.ruleId}
            data-state={alert.state}
            class={alert.severity.toLowerCase()}
          >
            <div class="says">
              <p class="marks">
                <span class="severity">{translate(language, `severity${alert.severity}` as Label)}</span>
                <span class="note">
                  {translate(language, `state${alert.state}` as Label)} · {formatDate(alert.asOf, language)}
                  {alert.escalatedTo === '' ? '' : ` · ${alert.escalatedTo}`}
                </span>
              </p>
              <p class="message">{messageOf(alert, language)}</p>
              <p class="note">{adviceOf(alert, language)}</p>
            </div>
            {mayAct && (
              <p class="actions">
                {(MOVES[alert.state] ?? []).map((move) => (
                  <button
                    key={move}
                    type="button"
                    aria-disabled={busy === id}
                    onClick={() => void act(id, move)}
                  >
                    {translate(language, move)}
                  </button>
                ))}
              </p>
            )}
          </li>
        ))}
      </ul>
      {listed.length > SHOWN && !all && (
        <button type="button" class="all" onClick={() => setAll(true)}>
          {translate(language, 'showAll', { total: formatCount(listed.length, language) })}
        </button>
      )}
    </section>
  )
}
