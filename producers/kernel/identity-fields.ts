/**
 * Owns the form of who and where a business partner is: tax numbers, national id, mobile, address. What people write
 * becomes what is stored (schemas/values/identifiers.ts, districts.ts). PURE.
 */
import { z } from 'zod'
import { readPlace } from '../../schemas/values/districts.ts'
import { canonicalMobile, parseBin, parseNid, parseTin } from '../../schemas/values/identifiers.ts'
import { refuseField } from './errors.ts'
import { text } from './fields.ts'

const parsed = (parse: (text: string) => string | undefined, message: string) =>
  z
    .string()
    .max(64)
    .transform((written, context) => {
      const found = parse(written)
      if (found !== undefined) return found
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })

export const tin = parsed(parseTin, 'must be an e-TIN of 12 digits (10 = legacy), such as 1234-5678-9012')
export const bin = parsed(parseBin, 'must be a BIN of 13 digits (9 = legacy), such as 003065823-0101')
export const nid = parsed(parseNid, 'must be a national id of 10, 13 or 17 digits')
export const mobile = parsed(canonicalMobile, 'must be a Bangladeshi mobile number such as 01712345678')

/** Fields of an address; a missing one is empty. */
export const addressFields = {
  addressLine: text(300).default(''),
  district: text(64).default(''),
  /** Follows from the district; where both are stated they must agree. */
  division: text(64).default(''),
  postcode: text(16).default(''),
}

export interface Address {
  readonly addressLine: string
  readonly district: string
  readonly division: string
  readonly postcode: string
}

const HOME = 'BD'

/** The address in the names used here; abroad, district, division and postcode are free text. */
export function addressOf(input: Address & { readonly country?: string | null }): Address {
  const { addressLine, postcode, country } = input
  if (country !== undefined && country !== null && country !== HOME) {
    return { addressLine, district: input.district, division: input.division, postcode }
  }
  const place = readPlace(input)
  if ('detail' in place) throw refuseField('validation_failed', `/${place.field}`, place.detail)
  if (!/^(?:\d{4})?$/.test(postcode)) {
    throw refuseField('validation_failed', '/postcode', `${postcode} must be 4 digits`)
  }
  return { addressLine, ...place, postcode }
}
