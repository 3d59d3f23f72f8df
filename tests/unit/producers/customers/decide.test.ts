import { describe, expect, it } from '@jest/globals'
import { createCustomer, updateCustomer } from '../../../../producers/customers/commands.ts'
import { type CustomerFacts, decideCreate, decideUpdate } from '../../../../producers/customers/decide.ts'
import { parseBody } from '../../../../producers/http/request.ts'
import { facts } from '../facts.ts'
import { refusalOf } from '../refusals.ts'

const known: CustomerFacts = { ...facts, id: 'c-1', numberOwner: undefined }
const create = (more: object = {}, with_: Partial<CustomerFacts> = {}) => {
  const [event] = decideCreate(null, parseBody(createCustomer, { name: 'Rahim Traders', ...more }), {
    ...known,
    ...with_,
  })
  if (!event) throw new Error('no event')
  return event.data
}
const whole = {
  customerNumber: 'R-7',
  name: 'Rahim Traders',
  nameBn: 'রহিম ট্রেডার্স',
  currency: 'BDT',
  paymentTermsDays: 30,
  creditLimit: '500000.00',
  email: 'a@example.com',
  phone: '01712345678',
  country: 'BD',
  tin: '1234-5678-9012',
  bin: '003065823-0101',
  nid: '১২৩৪৫৬৭৮৯০',
  addressLine: '12 Kandirpar',
  district: 'Cumilla',
  postcode: '3500',
  segment: 'wholesale',
  salespersonId: 'emp-3',
  kycStatus: 'VERIFIED',
  loyaltyPoints: 1200,
  active: false,
}

describe('a customer', () => {
  it('keeps all it is told, in canonical form, with the division of its district', () => {
    expect(create(whole)).toEqual({
      ...whole,
      creditLimit: 5_000_000_000n,
      phone: '+8801712345678',
      tin: '123456789012',
      bin: '0030658230101',
      nid: '1234567890',
      division: 'Chattogram',
    })
  })

  it('is a name at least: its number is its id, and all else is empty', () => {
    expect(create()).toEqual({
      customerNumber: 'c-1',
      name: 'Rahim Traders',
      nameBn: null,
      currency: null,
      paymentTermsDays: null,
      creditLimit: null,
      email: null,
      phone: null,
      country: null,
      tin: null,
      bin: null,
      nid: null,
      addressLine: '',
      district: '',
      division: '',
      postcode: '',
      segment: '',
      salespersonId: null,
      kycStatus: 'NONE',
      loyaltyPoints: 0,
      active: true,
    })
  })

  it.each<[object, string]>([
    [{ tin: '123456789012' }, 'accepted'],
    [{ tin: '1234567890' }, 'accepted'],
    [{ tin: '12345678901' }, 'validation_failed /tin'],
    [{ tin: '12345678901a' }, 'validation_failed /tin'],
    [{ bin: '003065823' }, 'accepted'],
    [{ bin: '00306582301' }, 'validation_failed /bin'],
    [{ nid: '1234567890123' }, 'accepted'],
    [{ nid: '12345678901234567' }, 'accepted'],
    [{ nid: '123456789' }, 'validation_failed /nid'],
    [{ nid: '123456789012345678' }, 'validation_failed /nid'],
    [{ phone: '01212345678' }, 'validation_failed /phone'],
    [{ district: 'Atlantis' }, 'validation_failed /district'],
    [{ district: 'Cumilla', division: 'Dhaka' }, 'validation_failed /division'],
    [{ district: 'Cumilla', division: 'Chattogram' }, 'accepted'],
    [{ postcode: '12' }, 'validation_failed /postcode'],
    [{ country: 'GB', district: 'Kent', postcode: 'CT1 2EH' }, 'accepted'],
    [{ email: 'nobody' }, 'validation_failed /email'],
    [{ currency: 'TAKA' }, 'validation_failed /currency'],
    [{ creditLimit: '-1' }, 'validation_failed /creditLimit'],
    [{ creditLimit: '0' }, 'validation_failed /creditLimit'],
    [{ creditLimit: '1.001' }, 'validation_failed /creditLimit'],
    [{ paymentTermsDays: 366 }, 'validation_failed /paymentTermsDays'],
    [{ kycStatus: 'UNKNOWN' }, 'validation_failed /kycStatus'],
    [{ loyaltyPoints: -1 }, 'validation_failed /loyaltyPoints'],
    [{ loyaltyPoints: 1.5 }, 'validation_failed /loyaltyPoints'],
    [{ salespersonId: '' }, 'validation_failed /salespersonId'],
    [{ addressLine: 'x'.repeat(301) }, 'validation_failed /addressLine'],
    [{ segment: 'a\nb' }, 'validation_failed /segment'],
    [{ name: '' }, 'validation_failed /name'],
    [{ name: 'x'.repeat(201) }, 'validation_failed /name'],
  ])('%j: %s', (more, expected) => {
    expect(refusalOf(() => create(more))).toBe(expected)
  })

  it('has a number of its own', () => {
    expect(refusalOf(() => create({ customerNumber: 'A' }, { numberOwner: 'c-0' }))).toBe(
      'number_taken /customerNumber',
    )
    expect(refusalOf(() => create({ customerNumber: 'A' }, { numberOwner: 'c-1' }))).toBe('accepted')
  })

  it('is created once, updated whole, and not for nothing', () => {
    const state = create(whole)
    const update = (more: object) => decideUpdate(state, parseBody(updateCustomer, more), known)
    expect(refusalOf(() => decideCreate(state, createCustomer.parse({ name: 'x' }), known))).toBe(
      'already_exists',
    )
    expect(refusalOf(() => update(whole))).toBe('nothing_changed')
    const { bin: _bin, ...withoutBin } = whole
    expect(update(withoutBin)[0]?.data).toEqual({ ...state, bin: null })
    expect(update({ name: 'New' })[0]?.data).toEqual({ ...create({ name: 'New' }), customerNumber: 'R-7' })
    expect(refusalOf(() => decideUpdate(null, updateCustomer.parse({ name: 'x' }), known))).toBe(
      'customer_not_found',
    )
  })
})
