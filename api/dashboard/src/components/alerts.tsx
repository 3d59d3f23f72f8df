/**
 * Live alerts, the most urgent first, as they come over the socket. Who may command sees what can be done about each;
 * everybody else reads. An alert leaves the list when it clears or is resolved.
 */
import { useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { formatDate, formatMoney, formatText, type Language } from '../format.ts'
import { isLabel, type Label, translate } from '../i18n.ts'
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

/** Built-in rules in the reader's language, from the figures of the alert; others as the server says them. */
function messageOf(alert: LiveAlert, language: Language): string {
  const label = `alert.${alert.ruleId}`
  if (language === 'en' || !isLabel(label)) return alert.message
  const { inputs, currency, subject, value } = alert
  const money = (name: string) => formatMoney(inputs[name] ?? '0', currency, language)
  return translate(language, label, {
    value: formatText(value, language),
    subject: formatText(subject, language),
    days: formatText(inputs['daysToShortage'] ?? '', language),
    lowest: money('lowest'),
    over90: money('over90'),
    total: money('total'),
    sum: money('sum'),
    median: money('median'),
    day: inputs['day'] === undefined ? '' : formatDate(inputs['day'], language),
    amount: money('value'),
  })
}

function adviceOf(alert: LiveAlert, language: Language): string {
  const label = `advice.${alert.ruleId}`
  return language === 'en' || !isLabel(label) ? alert.recommendation : translate(language, label)
}

export function AlertsPanel({ api, alerts, language, mayAct }: Props) {
  const [busy, setBusy] = useState('')
  const [error, setError] = useState('')
  const listed = Object.entries(alerts).sort(
    ([, a], [, b]) => urgencyOf(a) - urgencyOf(b) || b.raisedAt - a.raisedAt,
  )
  const act = async (id: string, move: Move) => {
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
    <section class="panel alerts" aria-labelledby="alerts-title">
      <h2 id="alerts-title">{translate(language, 'alerts')}</h2>
      {error !== '' && (
        <p class="error" role="alert">
          {translate(language, 'failed', { reason: error })}
        </p>
      )}
      {listed.length === 0 && <p class="note">{translate(language, 'noAlerts')}</p>}
      <ul aria-live="polite">
        {listed.map(([id, alert]) => (
          <li
            key={id}
            data-alert={alert.ruleId}
            data-state={alert.state}
            class={alert.severity.toLowerCase()}
          >
            <p class="marks">
              <span class="severity">{translate(language, `severity${alert.severity}` as Label)}</span>
              <span class="note">
                {translate(language, `state${alert.state}` as Label)} · {formatDate(alert.asOf, language)}
                {alert.escalatedTo === '' ? '' : ` · ${alert.escalatedTo}`}
              </span>
            </p>
            <p class="message">{messageOf(alert, language)}</p>
            <p class="note">{adviceOf(alert, language)}</p>
            {mayAct && (
              <p class="actions">
                {(MOVES[alert.state] ?? []).map((move) => (
                  <button key={move} type="button" disabled={busy === id} onClick={() => void act(id, move)}>
                    {translate(language, move)}
                  </button>
                ))}
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
