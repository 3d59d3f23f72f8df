/** Lines as answers have them, out of payloads of any age. */
import { describe, expect, it } from '@jest/globals'
import { instalmentsOf, linesOf } from '../../../../api/reads/document-lines.ts'

const OLDEST = {
  description: 'Rent',
  quantity: '1.0000',
  unitPrice: '100.5000',
  netAmount: '100.5000',
  vatCode: 'none',
  vatRate: '0.00000000',
  vatAmount: '0.0000',
}

describe('lines of a document', () => {
  it('of a payload from before they had a discount, SD, a unit and a product are without them', () => {
    const [line] = linesOf({ lines: [OLDEST], instalments: [] }, 'BDT')
    expect(line).toEqual({
      description: 'Rent',
      productId: null,
      quantity: '1',
      unit: '',
      unitPrice: '100.5',
      discount: { amount: '0.00', currency: 'BDT' },
      netAmount: { amount: '100.50', currency: 'BDT' },
      sdRate: '0',
      sdAmount: { amount: '0.00', currency: 'BDT' },
      vatCode: 'none',
      vatRate: '0',
      vatAmount: { amount: '0.00', currency: 'BDT' },
      category: null,
      department: null,
      accountId: null,
    })
  })

  it('are none where the facts have no event with lines', () => {
    expect([linesOf(undefined, 'BDT'), instalmentsOf(undefined, 'BDT')]).toEqual([[], []])
  })
})
