import { describe, expect, it } from '@jest/globals'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import { type WithholdingInput, withheldOf } from '../../../../producers/kernel/withholding.ts'

/** Two lines of 33.35 and 66.67 with 15 % VAT (5.00 and 10.00), one of 10.00 without. */
const bill = {
  currency: 'BDT',
  taxed: [333_500n, 666_700n],
  subtotal: 1_100_200n,
  vatAmount: 150_000n,
  total: 1_250_200n,
}
const withheld = (input: WithholdingInput): string | readonly [bigint, bigint] => {
  try {
    const { vdsWithheld, tdsWithheld } = withheldOf(input, bill)
    return [vdsWithheld, tdsWithheld]
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} ${error.options.errors?.[0]?.pointer}`
    throw error
  }
}

describe('what is withheld', () => {
  it.each<[WithholdingInput, string | readonly [bigint, bigint]]>([
    [{}, [0n, 0n]],
    // 33.35 x 0.075 = 2.50125 -> 2.50; 66.67 x 0.075 = 5.00025 -> 5.00
    [{ vdsRate: '0.075' }, [75_000n, 0n]],
    // 110.02 x 0.05 = 5.501 -> 5.50
    [{ tdsRate: '0.05' }, [0n, 55_000n]],
    [{ vdsWithheld: '15.00', tdsWithheld: '5.00' }, [150_000n, 50_000n]],
    [{ vdsWithheld: '0.00', tdsRate: '0' }, [0n, 0n]],
    [{ vdsWithheld: '15.01' }, 'withholding_exceeds /vdsWithheld'],
    [{ vdsRate: '0.16' }, 'withholding_exceeds /vdsRate'],
    [{ tdsWithheld: '110.03' }, 'withholding_exceeds /tdsWithheld'],
    [{ vdsWithheld: '15.00', tdsRate: '1' }, 'withholding_exceeds /tdsRate'],
    [{ vdsWithheld: '1.00', vdsRate: '0.1' }, 'validation_failed /vdsRate'],
    [{ tdsRate: '1.01' }, 'validation_failed /tdsRate'],
    [{ tdsRate: '0.123456789' }, 'validation_failed /tdsRate'],
    [{ vdsWithheld: '1.005' }, 'validation_failed /vdsWithheld'],
    [{ vdsWithheld: { amount: '1.00', currency: 'USD' } }, 'currency_mismatch /vdsWithheld/currency'],
  ])('%#: %j', (input, expected) => {
    expect(withheld(input)).toEqual(expected)
  })
})
