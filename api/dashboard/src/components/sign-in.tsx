/** Asks for a token where the server offers no demo session. The token stays in this tab's memory. */
import { useState } from 'preact/hooks'
import { type Session, sessionOf } from '../api.ts'
import type { Language } from '../format.ts'
import { translate } from '../i18n.ts'

interface Props {
  readonly language: Language
  readonly reason: string
  readonly onSession: (session: Session) => void
}

export function SignIn({ language, reason, onSession }: Props) {
  const [error, setError] = useState(reason)
  const submit = (event: Event) => {
    event.preventDefault()
    const entry = new FormData(event.currentTarget as HTMLFormElement).get('token')
    const token = typeof entry === 'string' ? entry.trim() : ''
    try {
      onSession(sessionOf(token))
    } catch {
      setError(translate(language, 'failed', { reason: translate(language, 'token') }))
    }
  }
  return (
    <form class="panel sign-in" onSubmit={submit}>
      <h2>{translate(language, 'signIn')}</h2>
      <label>
        {translate(language, 'token')}
        <textarea name="token" rows={4} required autocomplete="off" spellcheck={false} />
      </label>
      <p class="note">{translate(language, 'tokenHelp')}</p>
      {error !== '' && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <button type="submit">{translate(language, 'signIn')}</button>
    </form>
  )
}
