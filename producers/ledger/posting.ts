/**
 * Owns the words in which an event says what it means for the general ledger. PURE. Which account a role stands for is
 * the tenant's business (chart and posting rules); here are only sides, roles and amounts.
 * P1: a posting is balanced in the base currency; what rounding leaves goes to the role `rounding`, a poisha or two.
 * P2: an event that moves money has its postings in its own transaction, or is refused: never one without the other.
 * P3: a control account (receivables, payables, inventory) gets lines from its subledger's events alone, and each line
 *     names its party or product: so the subledger's sum is the account's balance, on every day.
 */
import type { EventType } from '../../schemas/generated/records.ts'
import type { Amount } from '../../schemas/values/amount.ts'
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { DomainEvent, TenantSettings } from '../kernel/events.ts'
import type { Session } from '../kernel/session.ts'

/** What an account is used for. Each has an account in the default chart; a tenant's rules may name others, also by key. */
export const ROLES = [
  'receivables',
  'payables',
  /** Key = method of payment: cash, bank, cheque, bkash, nagad, card, ... */
  'cash',
  /** Key = revenue category; a product's sales account goes before. */
  'revenue',
  /** Revenue that credit notes take back. Key = revenue category. */
  'sales-returns',
  'output-vat',
  'output-sd',
  'input-vat',
  /** VAT and income tax that customers deducted: assets until credited. */
  'vds-receivable',
  'tds-receivable',
  /** VAT and income tax that we deducted from vendors: owed to the tax office. */
  'vds-payable',
  'tds-payable',
  'bad-debt',
  /** Debts to vendors that need not be paid. */
  'payable-forgiven',
  /** Key = expense category. */
  'expense',
  /** Expenses that nobody paid yet and that are no bill. */
  'accrued-expenses',
  /** A product's inventory account goes before. */
  'inventory',
  /** Goods received and not billed yet, or billed and not received yet. */
  'goods-in-transit',
  /** A product's cost account goes before. */
  'cost-of-goods',
  'stock-adjustment',
  'fx-gain',
  'fx-loss',
  'rounding',
  'opening-balance',
  'retained-earnings',
] as const
export type Role = (typeof ROLES)[number]

export interface Party {
  readonly type: 'customer' | 'vendor'
  readonly id: string
}

export interface PostingLine {
  readonly side: 'debit' | 'credit'
  readonly role: Role
  /** Within the role: category, method, ...; rules without this key apply when none has it. */
  readonly key?: string
  /** Stated by the document, line or product: goes before the rules. */
  readonly accountId?: string | null
  /** In the posting's currency. Zero: the line is left out. Below zero: the other side. */
  readonly amount: Amount
  /** In the base currency, where it is not amount x fxRate (an open item at its own rate). */
  readonly base?: Amount
  readonly party?: Party
  readonly productId?: string | null
  readonly taxCode?: string
  readonly department?: string
  readonly memo?: string
}

export interface Posting {
  readonly entryDate: EpochDay
  readonly description: string
  /** Human number of the document. */
  readonly number: string
  readonly currency: string
  readonly fxRate: bigint
  readonly lines: readonly PostingLine[]
}

/** What a posting may know. The session stands as it was before the event. */
export interface PostingFacts {
  readonly tenant: TenantSettings
  readonly today: EpochDay
  /** Aggregate of the event. */
  readonly id: string
  readonly session: Pick<Session, 'state' | 'allocationsOf'>
}

/** Postings of an event: none for what moves no money. */
export type PostingsOf<T extends EventType> = (
  event: DomainEvent<T>,
  facts: PostingFacts,
) => readonly Posting[]

export type PostingTable = { readonly [T in EventType]?: PostingsOf<T> }
