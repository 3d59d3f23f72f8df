/** The open invoices or bills behind a bucket, page by page, in a dialog. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Api, OpenItem, Page } from '../api.ts'
import { formatCount, formatDate, formatMoney, type Language } from '../format.ts'
import { bucketName, translate } from '../i18n.ts'
import type { Side } from '../aging.ts'

interface Props {
  readonly api: Api
  readonly side: Side
  readonly bucket: string
  readonly basis: string
  readonly asOf: string | undefined
  /** Changes when the figures do: what is listed is read again. */
  readonly version: string
  readonly language: Language
  readonly onClose: () => void
}

/** The list comes from ClickHouse, which follows the live bars within a second: it is read once more after this. */
const SETTLE_MS = 1200

export function OpenItems({ api, side, bucket, basis, asOf, version, language, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [items, setItems] = useState<readonly OpenItem[]>()
  const [cursor, setCursor] = useState<string | null>(null)
  const [error, setError] = useState('')

  const load = async (from?: string) => {
    try {
      setError('')
      const page = await api.get<Page<OpenItem>>(`/v1/${side.name}/open`, {
        bucket,
        basis,
        asOf,
        cursor: from,
        limit: '50',
      })
      setItems((before) => (from === undefined ? page.data : [...(before ?? []), ...page.data]))
      setCursor(page.page.hasMore ? page.page.nextCursor : null)
    } catch (e) {
      setError(e instanceof Error ? e.message : String(e))
    }
  }

  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    void load()
    const timer = setTimeout(() => void load(), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [side.name, bucket, basis, asOf, version])

  const name = bucketName(bucket, language)
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="open-title">
      <header>
        <h2 id="open-title">
          {translate(language, side.labels.open)}: {name}
        </h2>
        <button type="button" class="plain" onClick={() => dialog.current?.close()}>
          {translate(language, 'close')}
        </button>
      </header>
      {error !== '' && (
        <p class="error" role="alert">
          {translate(language, 'failed', { reason: error })}{' '}
          <button type="button" onClick={() => void load()}>
            {translate(language, 'retry')}
          </button>
        </p>
      )}
      {items === undefined && error === '' && <p class="skeleton">{translate(language, 'loading')}…</p>}
      {items?.length === 0 && <p>{translate(language, 'nothingOpen')}</p>}
      {items !== undefined && items.length > 0 && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>{translate(language, side.labels.document)}</th>
                <th>{translate(language, side.labels.party)}</th>
                <th>{translate(language, 'due')}</th>
                <th class="num">{translate(language, 'daysPast')}</th>
                <th class="num">{translate(language, 'open')}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={`${item.invoiceId ?? item.billId} ${item.dueDate}`}>
                  <td>{item.invoiceNumber ?? item.billNumber}</td>
                  <td>{item.customerName ?? item.vendorName}</td>
                  <td>{formatDate(item.dueDate, language)}</td>
                  <td class="num">{formatCount(item.age, language)}</td>
                  <td class="num">{formatMoney(item.open.amount, item.open.currency, language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {cursor !== null && (
        <button type="button" onClick={() => void load(cursor)}>
          {translate(language, 'more')}
        </button>
      )}
    </dialog>
  )
}
