/**
 * Owns the identifiers of Bangladeshi people and businesses: which forms are accepted, and how they are stored and shown. PURE.
 * N1: stored are digits only (mobile numbers as +88017...); what is shown can be read again and gives the same digits.
 * N2: e-TIN 12 digits, 10 = before 2013 (legacy), 11 is no TIN. BIN 13 digits (9 of the business, 4 of the branch),
 *     9 = before 2019 (legacy). NID 10, 13 or 17 digits.
 * N3: hyphens and spaces between digits are accepted, and Bengali digits; nothing else is dropped silently.
 */

const BENGALI_ZERO = 0x09e6
const withLatinDigits = (text: string): string =>
  text.replace(/[০-৯]/g, (digit) => String((digit.codePointAt(0) ?? BENGALI_ZERO) - BENGALI_ZERO))

/** Digits of a written identifier (N3); undefined when anything else is in it. */
function digitsOf(text: string): string | undefined {
  const latin = withLatinDigits(text.trim())
  return /^\d+(?:[ -]\d+)*$/.test(latin) ? latin.replaceAll(/[ -]/g, '') : undefined
}

const ofLengths =
  (...lengths: readonly number[]) =>
  (text: string): string | undefined => {
    const digits = digitsOf(text)
    return digits !== undefined && lengths.includes(digits.length) ? digits : undefined
  }

/** Digits of a TIN, BIN or NID; undefined of anything else (N2, N3). */
export const parseTin = ofLengths(12, 10)
export const parseBin = ofLengths(13, 9)
export const parseNid = ofLengths(10, 13, 17)

/** Of digits that were accepted: an older form, valid on older documents, to be replaced by its holder. */
export const isLegacyTin = (digits: string): boolean => digits.length === 10
export const isLegacyBin = (digits: string): boolean => digits.length === 9

/** 1234-5678-9012; 1234-567-890 of a legacy TIN. */
export const formatTin = (digits: string): string =>
  isLegacyTin(digits) ? grouped(digits, [4, 3, 3]) : grouped(digits, [4, 4, 4])

/** 003065823-0101; a legacy BIN has no branch and stays whole. */
export const formatBin = (digits: string): string => grouped(digits, [9, 4])

function grouped(digits: string, sizes: readonly number[]): string {
  const parts: string[] = []
  let from = 0
  for (const size of sizes) {
    if (from < digits.length) parts.push(digits.slice(from, from + size))
    from += size
  }
  return parts.join('-')
}

const MOBILE = /^(?:\+?880|0)(1[3-9]\d{8})$/

/** The +880 form of a Bangladeshi mobile number in local or international form; undefined of anything else. */
export function canonicalMobile(text: string): string | undefined {
  const local = MOBILE.exec(withLatinDigits(text).replaceAll(/[ ()-]/g, ''))
  return local ? `+880${local[1]}` : undefined
}
