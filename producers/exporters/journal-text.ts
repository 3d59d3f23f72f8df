/**
 * Owns the text of an exported journal: hledger's format, which beancount's importers and people read too, and CSV. PURE.
 * T1: amounts are exactly those of the ledger, all four decimals. T2: an account is called by class, code and name, as it
 *     is called today; what would mean something to hledger in names and texts is taken out.
 */

/** One line of the ledger with its entry, as text from the store. */
export interface ExportedLine {
  readonly journalId: string
  readonly line: number
  readonly entryDate: string
  readonly journalNumber: string
  readonly kind: string
  readonly description: string
  readonly accountCode: string
  readonly accountName: string
  readonly accountClass: string
  readonly debit: string
  readonly credit: string
  readonly currency: string
  readonly amount: string
  readonly partyType: string
  readonly partyId: string
  readonly sourceType: string
  readonly sourceId: string
}

export interface JournalText {
  readonly head: (tenant: string, baseCurrency: string) => string
  /** Text of one whole entry. */
  readonly entry: (lines: readonly ExportedLine[], baseCurrency: string) => string
}

const PARENTS: Readonly<Record<string, string>> = {
  ASSET: 'assets',
  LIABILITY: 'liabilities',
  EQUITY: 'equity',
  INCOME: 'revenues',
  EXPENSE: 'expenses',
}

/** Without what ends a description or a name, begins a comment or a sub-account, or doubles a space. */
const plain = (text: string): string => text.replaceAll(/[;|:()[\]"\s]+/g, ' ').trim()

export const hledgerAccount = (
  line: Pick<ExportedLine, 'accountClass' | 'accountCode' | 'accountName'>,
): string => `${PARENTS[line.accountClass] ?? 'unknown'}:${plain(`${line.accountCode} ${line.accountName}`)}`

const isZero = (amount: string): boolean => /^0*(?:\.0*)?$/.test(amount)

const signed = ({ debit, credit }: ExportedLine): string => (isZero(debit) ? `-${credit}` : debit)

export const hledgerText: JournalText = {
  head: (tenant, base) =>
    `; Journal of ${tenant}. Amounts are in the base currency ${base}.\ndecimal-mark .\ncommodity 1000.0000 ${base}\n`,
  entry: (lines, base) => {
    const [first] = lines
    if (!first) return ''
    const { entryDate, journalNumber, description, journalId, kind } = first
    const postings = lines.map((line) => {
      const party = line.partyId === '' ? '' : `, ${line.partyType}:${plain(line.partyId)}`
      const own = line.currency === base ? '' : `, ${line.currency}:${line.amount}`
      const notes = `${party}${own}`.replace(/^, /, '')
      return `    ${hledgerAccount(line)}  ${signed(line)} ${base}${notes === '' ? '' : `  ; ${notes}`}\n`
    })
    const title = `${entryDate} (${plain(journalNumber)}) ${plain(description)}`.trimEnd()
    return `\n${title}  ; journal:${journalId}, kind:${kind}\n${postings.join('')}`
  },
}

const CSV_COLUMNS = [
  'entryDate',
  'journalNumber',
  'journalId',
  'line',
  'kind',
  'description',
  'accountCode',
  'accountName',
  'accountClass',
  'debit',
  'credit',
  'currency',
  'amount',
  'partyType',
  'partyId',
  'sourceType',
  'sourceId',
] as const satisfies readonly (keyof ExportedLine)[]

const cell = (value: string | number): string => {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvText: JournalText = {
  head: () => `${CSV_COLUMNS.join(',')}\n`,
  entry: (lines) =>
    lines.map((line) => `${CSV_COLUMNS.map((column) => cell(line[column])).join(',')}\n`).join(''),
}
