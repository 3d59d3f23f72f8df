/**
 * Small hooks of the page: a read that reloads by key and keeps the last good answer while it does, language and
 * colour scheme, and "what just moved" for highlighting.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Language } from './format.ts'

export interface Loaded<T> {
  readonly value?: T
  readonly error?: string
  readonly loading: boolean
}

/** Loads when `key` changes; an answer that was overtaken is dropped. `reload` asks again with the same key. */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
): Loaded<T> & { reload: () => void } {
  const [state, setState] = useState<Loaded<T>>({ loading: true })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const abort = new AbortController()
    setState((before) => ({ ...before, loading: true }))
    load(abort.signal).then(
      (value) => !abort.signal.aborted && setState({ value, loading: false }),
      (error: unknown) =>
        !abort.signal.aborted &&
        setState((before) => ({
          ...before,
          loading: false,
          error: error instanceof Error ? error.message : String(error),
        })),
    )
    return () => abort.abort()
  }, [key, turn])
  return { ...state, reload: () => setTurn((t) => t + 1) }
}

export function useLanguage(): [Language, (language: Language) => void] {
  const [language, setLanguage] = useState<Language>(() =>
    (localStorage.getItem('language') ?? navigator.language).startsWith('bn') ? 'bn' : 'en',
  )
  useEffect(() => {
    document.documentElement.lang = language
    localStorage.setItem('language', language)
  }, [language])
  return [language, setLanguage]
}

export function useDark(): boolean {
  const query = matchMedia('(prefers-color-scheme: dark)')
  const [dark, setDark] = useState(query.matches)
  useEffect(() => {
    const listen = () => setDark(query.matches)
    query.addEventListener('change', listen)
    return () => query.removeEventListener('change', listen)
  }, [])
  return dark
}

const HIGHLIGHT_MS = 1600

/** Names whose value differs from the render before, for a moment. The first values do not count as moved. */
export function useMoved(values: Readonly<Record<string, string>>): ReadonlySet<string> {
  const before = useRef<Readonly<Record<string, string>>>({})
  const [moved, setMoved] = useState<ReadonlySet<string>>(new Set())
  const key = JSON.stringify(values)
  useEffect(() => {
    const changed = Object.keys(values).filter(
      (name) => before.current[name] !== undefined && before.current[name] !== values[name],
    )
    before.current = values
    if (changed.length === 0) return
    setMoved(new Set(changed))
    const timer = setTimeout(() => setMoved(new Set()), HIGHLIGHT_MS)
    return () => clearTimeout(timer)
  }, [key])
  return moved
}

/** The newest value, handed on at most once in `intervalMs`: what it triggers is a read, and figures can move often. */
export function useThrottled<T>(value: T, intervalMs: number): T {
  const [held, setHeld] = useState(value)
  const last = useRef(0)
  useEffect(() => {
    if (Object.is(held, value)) return
    const wait = Math.max(0, last.current + intervalMs - Date.now())
    const timer = setTimeout(() => {
      last.current = Date.now()
      setHeld(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, held, intervalMs])
  return held
}
