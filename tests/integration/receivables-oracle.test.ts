/** The oracle of the end-to-end test is itself checked by a hand-made table, and shown to notice a moved edge. */
import { expect, it } from '@jest/globals'
import { agingByDay } from '../support/receivables-oracle.ts'
import { describeStack } from '../support/stack.ts'

describeStack('the SQL oracle for aging', ['databaseOwnerUrl'], (stack) => {
  it('puts invoices where a person with a calendar puts them', async () => {
    // written 1 March, due 31 March, settled 1 July: days past due on 30 April = 30, on 1 May = 31
    const csv = ['InvoiceDate,DueDate,SettledDate,InvoiceAmount', '3/1/2012,3/31/2012,7/1/2012,10.50'].join(
      '\n',
    )
    const days = await agingByDay(stack.databaseOwnerUrl, csv, '2012-02-29', '2012-07-02')
    const due = (day: string) => days.get(day)?.due.map(Number)
    expect(due('2012-02-29')).toEqual([0, 0, 0, 0, 0])
    expect(due('2012-03-01')).toEqual([1050, 0, 0, 0, 0])
    expect(due('2012-03-31')).toEqual([1050, 0, 0, 0, 0])
    expect(due('2012-04-01')).toEqual([0, 1050, 0, 0, 0])
    expect(due('2012-04-30')).toEqual([0, 1050, 0, 0, 0])
    expect(due('2012-05-01')).toEqual([0, 0, 1050, 0, 0])
    expect(due('2012-05-31')).toEqual([0, 0, 0, 1050, 0])
    expect(due('2012-06-29')).toEqual([0, 0, 0, 1050, 0])
    expect(due('2012-06-30')).toEqual([0, 0, 0, 0, 1050])
    expect(due('2012-07-01')).toEqual([0, 0, 0, 0, 0])
    expect(days.get('2012-03-02')?.posting.map(Number)).toEqual([0, 1050, 0, 0, 0])
  })
})
