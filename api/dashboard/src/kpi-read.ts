/**
 * What the KPI view reads: the documents behind an input, and how the KPI stood over time.
 *
 * V1  what is shown of an explanation is one answer: its rows, their sum and its inputs are never of two reads. "Show more"
 *     asks for a longer answer, and a figure that moved asks for it again.
 * V2  an answer of another KPI, window, day or input than the one shown is not shown, whenever it comes.
 * V3  documents come from ClickHouse, which follows the live figures within a second: where they do not sum to the input
 *     yet, or it does not answer, they are read again.
 */
import { useEffect, useState } from 'preact/hooks'
import { type Api, type Money, Problem } from './api.ts'
import type { Grain, HistoryPoint } from './kpi-history.ts'
import { useLoaded } from './state.ts'

export interface Explanation {
  readonly inputs: ReadonlyArray<{
    readonly name: string
    readonly value: string
    readonly source: string | null
  }>
  readonly input: string | null
  readonly sum: Money | null
  readonly rowCount: number
  readonly data: ReadonlyArray<{
    readonly kind: string
    readonly id: string
    readonly number: string
    readonly party: string
    readonly date: string
    readonly amount: Money
  }>
}

export interface Question {
  readonly name: string
  readonly window: string
  /** Undefined = today, live. */
  readonly asOf: string | undefined
  /** Undefined = the first one that has documents. */
  readonly input: string | undefined
}

/** Rows of the first answer, and as many more each time. */
export const ROWS = 25
/** The API gives no more in one answer. */
const ROWS_MAX = 500
const SETTLE_MS = 1200
const SETTLE_READS = 5

const holds = ({ input, inputs, sum }: Explanation): boolean =>
  input === null || inputs.find(({ name }) => name === input)?.value === sum?.amount

interface Held {
  readonly key: string
  /** The KPI, its window and day: what the inputs belong to. */
  readonly subject: string
  readonly inputs?: Explanation['inputs'] | undefined
  readonly answer?: Explanation
  readonly error?: string
}

/** `version` changes when the figures do. */
export function useExplanation(api: Api, question: Question, version: string) {
  const { name, window, asOf, input } = question
  const key = JSON.stringify([name, window, asOf, input])
  const subject = JSON.stringify([name, window, asOf])
  const [held, setHeld] = useState<Held>({ key, subject })
  const [wanted, setWanted] = useState({ key, rows: ROWS })
  const [turn, setTurn] = useState(0)
  const rows = wanted.key === key ? wanted.rows : ROWS
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = async (reads: number): Promise<void> => {
      try {
        const query = { window, asOf, input, limit: String(rows) }
        const answer = await api.get<Explanation>(`/v1/kpis/${name}/explain`, query, abort.signal)
        if (abort.signal.aborted) return
        setHeld({ key, subject, inputs: answer.inputs, answer })
        if (!holds(answer) && reads < SETTLE_READS) timer = setTimeout(() => void read(reads + 1), SETTLE_MS)
      } catch (cause) {
        if (abort.signal.aborted) return
        const error = cause instanceof Error ? cause.message : String(cause)
        const isRefused = cause instanceof Problem && cause.status < 500
        if (!isRefused && reads < SETTLE_READS)
          timer = setTimeout(() => void read(reads + 1), SETTLE_MS * reads)
        setHeld((before) => {
          if (before.key === key) return { ...before, error }
          return { key, subject, inputs: before.subject === subject ? before.inputs : undefined, error }
        })
      }
    }
    void read(1)
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [key, version, rows, turn])
  const { answer, error } = held.key === key ? held : { answer: undefined, error: undefined }
  return {
    answer,
    error,
    /** They stay while the documents of another one are read. */
    inputs: held.subject === subject ? held.inputs : undefined,
    isWhole: answer !== undefined && answer.data.length >= answer.rowCount,
    /** Undefined: there is no more, or no more in one answer. */
    more:
      answer === undefined || answer.data.length >= Math.min(answer.rowCount, ROWS_MAX)
        ? undefined
        : () => setWanted({ key, rows: Math.min(rows * 2, ROWS_MAX) }),
    reload: () => setTurn((t) => t + 1),
  }
}

export const useHistory = (api: Api, of: Omit<Question, 'input'> & { readonly grain: Grain }) => {
  const { name, window, asOf, grain } = of
  const key = JSON.stringify([name, window, asOf, grain])
  const read = useLoaded<{ readonly key: string; readonly data: readonly HistoryPoint[] }>(
    key,
    async (signal) => {
      const query = { window, grain, to: asOf }
      const { data } = await api.get<{ data: HistoryPoint[] }>(`/v1/kpis/${name}/history`, query, signal)
      return { key, data }
    },
  )
  // V2: useLoaded keeps the last answer while it loads the next one.
  return { ...read, points: read.value?.key === key ? read.value.data : undefined }
}
