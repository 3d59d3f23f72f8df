/** The two sides of the books on the page: what they are called, and their figures: of the socket today, else of the API. */
import { useState } from 'preact/hooks'
import type { AgingAnswer, Api } from './api.ts'
import type { Label } from './i18n.ts'
import type { LiveAging } from './live.ts'
import { useLoaded, useMoved } from './state.ts'

export interface Side {
  readonly name: 'receivables' | 'payables'
  readonly labels: Readonly<
    Record<'title' | 'posting' | 'unapplied' | 'total' | 'open' | 'document' | 'party', Label>
  >
}

export const RECEIVABLES: Side = {
  name: 'receivables',
  labels: {
    title: 'aging',
    posting: 'basisPosting',
    unapplied: 'unapplied',
    total: 'total',
    open: 'openInvoices',
    document: 'invoice',
    party: 'customer',
  },
}

export const PAYABLES: Side = {
  name: 'payables',
  labels: {
    title: 'agingPayables',
    posting: 'basisPostingPayables',
    unapplied: 'unappliedPayables',
    total: 'totalPayables',
    open: 'openBills',
    document: 'bill',
    party: 'vendor',
  },
}

export type Basis = 'due' | 'posting'

const LABELS = ['current', '1-30', '31-60', '61-90', '90+']

function agingOf(live: LiveAging, basis: Basis): AgingAnswer {
  const money = (amount: string) => ({ amount, currency: live.currency })
  return {
    asOf: live.asOf,
    basis,
    buckets: LABELS.map((label, i) => ({ label, amount: money(live[basis][i] ?? '0') })),
    unapplied: money(live.unapplied),
    disputed: money(live.disputed),
    total: money(live.total),
  }
}

/** `asOf` undefined = today. */
export function useAging(api: Api, side: Side, live: LiveAging | undefined, asOf: string | undefined) {
  const [basis, setBasis] = useState<Basis>('due')
  const read = useLoaded<AgingAnswer>(`${basis}|${asOf ?? ''}`, (signal) =>
    api.get(`/v1/${side.name}/aging`, { basis, asOf }, signal),
  )
  const aging = asOf === undefined && live !== undefined ? agingOf(live, basis) : read.value
  const moved = useMoved(Object.fromEntries((aging?.buckets ?? []).map((b) => [b.label, b.amount.amount])))
  return { side, aging, basis, setBasis, read, moved }
}
