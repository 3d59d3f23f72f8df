import { describe, expect, it } from '@jest/globals'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import { createVendor, updateVendor } from '../../../../producers/vendors/commands.ts'
import { decideCreate, decideUpdate, type VendorState } from '../../../../producers/vendors/decide.ts'
import { evolveVendor } from '../../../../producers/vendors/evolve.ts'
import { facts, outcome } from '../facts.ts'

const TIN = '1234-5678-9012'
const known = { ...facts, id: 'v', numberOwner: undefined }
const create = (more: object = {}): VendorState => {
  const command = createVendor.parse({ name: 'Karim Steel', tin: TIN, ...more })
  const [event] = decideCreate(null, command, known)
  if (!event) throw new Error('no event')
  return evolveVendor(null, event)
}
/** Pointer of the first wrong field, or 'accepted'. */
const wrongField = (more: object): string => {
  const parsed = createVendor.safeParse({ name: 'Karim Steel', tin: TIN, ...more })
  if (!parsed.success) return `/${parsed.error.issues[0]?.path.join('/')}`
  try {
    decideCreate(null, parsed.data, known)
    return 'accepted'
  } catch (error) {
    if (error instanceof Refusal) return error.options.errors?.[0]?.pointer ?? error.code
    throw error
  }
}

describe('a vendor', () => {
  it('is stored with digits only, in the names used here', () => {
    const vendor = create({
      bin: '003065823-0101',
      phone: '01712-345678',
      district: 'comilla',
      bankName: 'Sonali Bank',
      bankAccount: '0012 3456 7890',
      bankRouting: '200271234',
      mobileBanking: '01812345678',
      mobileBankingProvider: 'bkash',
      rating: 4,
      certificates: ['ISO 9001'],
      tradeLicense: 'TRAD/DSCC/012345',
    })
    expect(vendor).toMatchObject({
      vendorNumber: 'v',
      tin: '123456789012',
      bin: '0030658230101',
      phone: '+8801712345678',
      district: 'Cumilla',
      division: 'Chattogram',
      mobileBanking: '+8801812345678',
      rating: 4,
      certificates: ['ISO 9001'],
      active: true,
      withholdsVat: false,
    })
  })

  it.each<[object, string]>([
    [{}, 'accepted'],
    [{ tin: undefined }, '/tin'],
    [{ tin: null }, '/tin'],
    [{ tin: '12345678901' }, '/tin'],
    [{ tin: '1234567890' }, 'accepted'],
    [{ bin: '00306582301' }, '/bin'],
    [{ bin: '003065823' }, 'accepted'],
    [{ rating: 0 }, '/rating'],
    [{ rating: 6 }, '/rating'],
    [{ rating: 2.5 }, '/rating'],
    [{ rating: 5 }, 'accepted'],
    [{ district: 'Gotham' }, '/district'],
    [{ district: 'Dhaka', division: 'Khulna' }, '/division'],
    [{ postcode: '12' }, '/postcode'],
    [{ country: 'BD', district: 'Dhaka', postcode: '1212' }, 'accepted'],
    [{ country: 'DE', district: 'Oberbayern', division: 'Bayern', postcode: 'D-80331' }, 'accepted'],
    [{ bankAccount: '00123456' }, '/bankName'],
    [{ bankName: 'Sonali Bank', bankRouting: '1234' }, '/bankRouting'],
    [{ mobileBanking: '01812345678' }, '/mobileBankingProvider'],
    [{ mobileBankingProvider: 'nagad' }, '/mobileBanking'],
    [{ mobileBanking: '+919812345678', mobileBankingProvider: 'nagad' }, '/mobileBanking'],
    [{ email: 'nobody' }, '/email'],
    [{ certificates: ['a', 'a'] }, '/certificates'],
    [{ paymentTermsDays: 366 }, '/paymentTermsDays'],
    [{ tenantId: 'other' }, '/'],
    [{ name: 'a\u0000b' }, '/name'],
  ])('%j: %s', (more, expected) => {
    expect(wrongField(more)).toBe(expected)
  })

  it('has a number of its own', () => {
    const command = createVendor.parse({ name: 'Karim Steel', tin: TIN, vendorNumber: 'V-1' })
    const taken = { ...known, numberOwner: 'other' }
    expect(outcome(() => decideCreate(null, command, taken))).toBe('number_taken')
    expect(outcome(() => decideCreate(create(), command, known))).toBe('already_exists')
  })

  it('is replaced by an update, but not by the same again', () => {
    const before = create({ certificates: ['ISO 9001'] })
    const update = (more: object, state: VendorState | null = before) => {
      const command = updateVendor.parse({ name: 'Karim Steel', tin: TIN, ...more })
      return decideUpdate(state, command, known)
    }
    expect(outcome(() => update({ certificates: ['ISO 9001'] }))).toBe('nothing_changed')
    expect(outcome(() => update({}, null))).toBe('vendor_not_found')
    const [changed] = update({ active: false })
    expect(changed?.data).toMatchObject({ vendorNumber: 'v', certificates: [], active: false })
  })
})
