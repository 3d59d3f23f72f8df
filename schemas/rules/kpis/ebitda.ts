/**
 * ebitda (C-22) = net income + interest + income tax + depreciation + amortisation of the window. Nothing is left out as
 * one-off. Example: net income 80, interest 20, tax 25, depreciation 40, amortisation 5: 170.
 * Source: requirement table C-22.
 */
import { ledgerAmount } from './kit.ts'

export const ebitda = ledgerAmount(
  'ebitda',
  ['netIncome', 'interest', 'incomeTax', 'depreciationAndAmortisation'],
  true,
)
