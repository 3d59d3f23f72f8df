/** Connection and freshness: green only when the socket is up and the figures are of the tenant's present. */
import { useEffect, useState } from 'preact/hooks'
import { formatAge, type Language } from '../format.ts'
import { translate } from '../i18n.ts'
import type { Connection } from '../live.ts'

interface Props {
  readonly connection: Connection
  /** Log time of the newest figures, ms; 0 = none yet. */
  readonly logTime: number
  readonly language: Language
}

/** A tick comes every quarter-hour, so figures older than this mean that the pipeline stands still. */
export const STALE_AFTER_MS = 20 * 60_000

export function Status({ connection, logTime, language }: Props) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const age = now - logTime
  const state = connection === 'live' && logTime > 0 && age > STALE_AFTER_MS ? 'stale' : connection
  return (
    <span class={`status ${state}`} role="status" data-state={state}>
      <span class="dot" aria-hidden="true" />
      {translate(language, state)}
      {logTime > 0 && <small> · {translate(language, 'updated', { age: formatAge(age, language) })}</small>}
    </span>
  )
}
