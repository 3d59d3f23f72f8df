/**
 * Owns money as a value: an amount with its currency, for rules that must not add taka to dollars. PURE.
 * M1: an instance has no digit below its currency's minor unit and never changes. M2: two currencies are not added,
 *     subtracted or compared: that throws a RangeError.
 */
import { type Amount, fitsCurrency, formatAmount, type Money, parseDecimal, toMoney } from './amount.ts'

export const HOME_CURRENCY = 'BDT'

export class MoneyValue {
  readonly amount: Amount
  readonly currency: string

  private constructor(amount: Amount, currency: string) {
    this.amount = amount
    this.currency = currency
    Object.freeze(this)
  }

  static of(amount: Amount, currency: string = HOME_CURRENCY): MoneyValue {
    if (!/^[A-Z]{3}$/.test(currency)) throw new RangeError(`not a currency: ${JSON.stringify(currency)}`)
    if (!fitsCurrency(amount, currency))
      throw new RangeError(`${amount} has a digit below what ${currency} has`)
    return new MoneyValue(amount, currency)
  }

  /** From decimal text such as "0.10". */
  static parse(text: string, currency: string = HOME_CURRENCY): MoneyValue {
    return MoneyValue.of(parseDecimal(text), currency)
  }

  plus(other: MoneyValue): MoneyValue {
    return new MoneyValue(this.amount + this.#same(other), this.currency)
  }

  minus(other: MoneyValue): MoneyValue {
    return new MoneyValue(this.amount - this.#same(other), this.currency)
  }

  /** Below zero: this is less than the other. */
  compare(other: MoneyValue): -1 | 0 | 1 {
    const amount = this.#same(other)
    return this.amount < amount ? -1 : this.amount > amount ? 1 : 0
  }

  #same(other: MoneyValue): Amount {
    if (other.currency === this.currency) return other.amount
    throw new RangeError(`${this.toString()} and ${other.toString()} are in two currencies`)
  }

  toJSON(): Money {
    return toMoney(this.amount, this.currency)
  }

  toString(): string {
    return `${formatAmount(this.amount, this.currency)} ${this.currency}`
  }
}
