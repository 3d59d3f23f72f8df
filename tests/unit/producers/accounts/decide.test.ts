/** The chart of accounts: codes, parents, control accounts, accounts that documents need, posting rules. */
import { describe, expect, it } from '@jest/globals'
import { SUBTYPES, DEFAULT_ACCOUNTS, DEFAULT_CHART } from '../../../../producers/ledger/default-chart.ts'
import { controlOf } from '../../../../producers/ledger/chart.ts'
import { ROLES } from '../../../../producers/ledger/posting.ts'
import { MemoryBooks } from '../../../support/memory-books.ts'

const NOW = '2026-11-23T06:00:00Z'
const open = () => new MemoryBooks(NOW)
const asset = { name: 'Till', accountClass: 'ASSET', subtype: 'CASH' }
const pointers = (books: MemoryBooks) => books.refusal?.options.errors?.map((one) => one.pointer)

describe('the default chart', () => {
  it('has each code once, parents before children and of their class, and an English and a Bengali name', () => {
    const seen = new Map<string, string>()
    for (const { code, name, nameBn, accountClass, parentId, subtype } of DEFAULT_CHART) {
      expect(seen.has(code)).toBe(false)
      if (parentId !== null) expect([code, seen.get(parentId)]).toEqual([code, accountClass])
      seen.set(code, accountClass)
      expect(name).not.toBe('')
      expect(nameBn).toMatch(/[\u0980-\u09ff]/)
      if (accountClass === 'UNKNOWN') throw new Error(code)
      expect(SUBTYPES[accountClass] as readonly string[]).toContain(subtype)
    }
    expect(seen.size).toBeGreaterThanOrEqual(70)
  })

  it('has an account for each role and key, a control account where the role is a subledger', () => {
    const chart = open().session.chart()
    for (const role of ROLES) {
      const { account, keys = {} } = DEFAULT_ACCOUNTS[role]
      for (const id of [account, ...Object.values(keys)]) {
        expect([role, chart.account(id)?.control]).toEqual([role, controlOf(role)])
      }
    }
    expect(chart.accountOf('cash', 'bKash')).toBe('1131')
    expect(chart.accountOf('cash', 'teleport')).toBe('1110')
  })

  it('comes with the registration, in its transaction', () => {
    const { events } = open().session
    expect(events[0]?.event.type).toBe('TenantRegistered')
    expect(events.slice(1).map(({ event }) => event.type)).toEqual(DEFAULT_CHART.map(() => 'AccountCreated'))
    expect(open().session.changedCounters.size).toBe(1)
  })
})

describe('an account', () => {
  it('takes its code for its id, the usual subtype of its class, and the activity of its subtype', () => {
    const books = open()
    books.must('account.create', { code: '6905', name: 'Tea for guests', accountClass: 'EXPENSE' })
    books.must('account.create', {
      id: 'truck',
      code: '1631',
      name: 'Truck',
      accountClass: 'ASSET',
      subtype: 'FIXED_ASSET',
    })
    expect(books.session.chart().account('6905')).toMatchObject({
      subtype: 'OPERATING_EXPENSE',
      cashFlow: 'OPERATING',
      control: '',
      active: true,
    })
    expect(books.session.chart().byCode('1631')).toMatchObject({ id: 'truck', cashFlow: 'INVESTING' })
  })

  it.each([
    ['a code that is taken', { code: '1101' }, 'number_taken', '/code'],
    ['a subtype of another class', { subtype: 'REVENUE' }, 'validation_failed', '/subtype'],
    ['a parent that is not there', { parentId: 'nobody' }, 'reference_not_found', '/parentId'],
    ['a parent of another class', { parentId: '4000' }, 'account_class', '/parentId'],
  ])('is refused with %s', (_what, more, code, pointer) => {
    const books = open()
    const before = books.session.events.length
    expect(books.run('account.create', { code: '1199', id: 'a', ...asset, ...more })).toBe(code)
    expect([pointers(books), books.session.events.length]).toEqual([[pointer], before])
  })

  it.each(['', ' ', 'a b', 'x'.repeat(21), 'ক'])('is refused with the code %j', (code) => {
    expect(() => open().run('account.create', { code, ...asset })).toThrow()
  })

  it('is nobody’s ancestor and descendant at once, and keeps class and control', () => {
    const books = open()
    books.must('account.create', { code: '1120', ...asset })
    books.must('account.create', { code: '1121', ...asset, parentId: '1120' })
    books.must('account.create', { code: '1122', ...asset, parentId: '1121' })
    const update = (more: object) => books.run('account.update', { code: '1120', ...asset, ...more }, '1120')
    expect([update({ parentId: '1122' }), pointers(books)]).toEqual(['account_cycle', ['/parentId']])
    expect([update({ parentId: '1120' }), pointers(books)]).toEqual(['account_cycle', ['/parentId']])
    expect(update({ accountClass: 'EXPENSE', subtype: 'COGS' })).toBe('account_class')
    expect(update({ control: 'receivables' })).toBe('account_class')
    expect(update({})).toBe('nothing_changed')
    expect(update({ code: '1130', name: 'Till 2' })).toBe('accepted')
    expect([books.session.chart().byCode('1130')?.id, books.session.chart().byCode('1120')]).toEqual([
      '1120',
      undefined,
    ])
    expect(books.run('account.create', { id: 'z', code: '1120', ...asset })).toBe('accepted')
    expect(books.run('account.update', { code: '9', ...asset }, 'nobody')).toBe('account_not_found')
  })

  it('goes out of use and comes back, unless documents or children need it', () => {
    const books = open()
    const off = (id: string) => books.run('account.deactivate', {}, id)
    expect([off('1200'), off('4010'), off('1131'), off('1000'), off('nobody')]).toEqual([
      'account_control',
      'account_in_use',
      'account_in_use',
      'account_in_use',
      'account_not_found',
    ])
    const sales = {
      code: '4010',
      name: 'Sales of goods',
      accountClass: 'INCOME',
      parentId: '4000',
      active: false,
    }
    expect(books.run('account.update', sales, '4010')).toBe('account_in_use')
    expect([off('1102'), off('1102')]).toEqual(['accepted', 'nothing_changed'])
    books.must('posting-rules.set', { rules: [{ role: 'cash', accountId: '1101' }] })
    expect(off('1131')).toBe('accepted')
    const again = { code: '1102', name: 'Petty cash', accountClass: 'ASSET', subtype: 'CASH', active: true }
    expect(books.run('account.update', again, '1102')).toBe('accepted')
    expect(books.session.chart().account('1102')?.active).toBe(true)
  })
})

describe('posting rules', () => {
  const set = (books: MemoryBooks, ...rules: object[]) => books.run('posting-rules.set', { rules })

  it.each([
    ['an account that is not there', { role: 'revenue', accountId: 'x' }, 'reference_not_found'],
    ['an account out of use', { role: 'revenue', accountId: '1102' }, 'account_inactive'],
    ['a control account for another role', { role: 'revenue', accountId: '1200' }, 'account_control'],
    ['no control account for a subledger', { role: 'payables', accountId: '2130' }, 'account_control'],
    ['another subledger’s control account', { role: 'inventory', accountId: '1200' }, 'account_control'],
  ])('are refused with %s', (_what, rule, code) => {
    const books = open()
    books.must('account.deactivate', {}, '1102')
    const fine = { role: 'cash', accountId: '1101' }
    expect([set(books, fine, rule), pointers(books)]).toEqual([code, ['/rules/1/accountId']])
  })

  it('are refused with two rules for one key, and when nothing changes', () => {
    const books = open()
    const tea = { role: 'revenue', key: 'tea', accountId: '4010' }
    expect([set(books, tea, { ...tea, key: ' Tea' }), pointers(books)]).toEqual([
      'validation_failed',
      ['/rules/1'],
    ])
    expect([set(books), set(books, tea), set(books, tea), set(books)]).toEqual([
      'nothing_changed',
      'accepted',
      'nothing_changed',
      'accepted',
    ])
  })
})
