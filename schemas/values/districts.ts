/**
 * Owns the districts of Bangladesh by division, in English names, and reading what people write into them. PURE.
 * D1: 64 districts in 8 divisions, each district in one. D2: a name is found whatever its case, spaces and apostrophes,
 *     and by the spelling it had before 2018 (Chittagong, Comilla, Jessore, Bogra, Barisal).
 */

export const DISTRICTS = {
  Barishal: ['Barguna', 'Barishal', 'Bhola', 'Jhalokathi', 'Patuakhali', 'Pirojpur'],
  Chattogram: [
    'Bandarban',
    'Brahmanbaria',
    'Chandpur',
    'Chattogram',
    "Cox's Bazar",
    'Cumilla',
    'Feni',
    'Khagrachhari',
    'Lakshmipur',
    'Noakhali',
    'Rangamati',
  ],
  Dhaka: [
    'Dhaka',
    'Faridpur',
    'Gazipur',
    'Gopalganj',
    'Kishoreganj',
    'Madaripur',
    'Manikganj',
    'Munshiganj',
    'Narayanganj',
    'Narsingdi',
    'Rajbari',
    'Shariatpur',
    'Tangail',
  ],
  Khulna: [
    'Bagerhat',
    'Chuadanga',
    'Jashore',
    'Jhenaidah',
    'Khulna',
    'Kushtia',
    'Magura',
    'Meherpur',
    'Narail',
    'Satkhira',
  ],
  Mymensingh: ['Jamalpur', 'Mymensingh', 'Netrokona', 'Sherpur'],
  Rajshahi: ['Bogura', 'Chapainawabganj', 'Joypurhat', 'Naogaon', 'Natore', 'Pabna', 'Rajshahi', 'Sirajganj'],
  Rangpur: [
    'Dinajpur',
    'Gaibandha',
    'Kurigram',
    'Lalmonirhat',
    'Nilphamari',
    'Panchagarh',
    'Rangpur',
    'Thakurgaon',
  ],
  Sylhet: ['Habiganj', 'Moulvibazar', 'Sunamganj', 'Sylhet'],
} as const
export type Division = keyof typeof DISTRICTS

export const DIVISIONS = Object.keys(DISTRICTS) as Division[]

/** Other spellings in use: of divisions too, which are named after their main district. */
const SPELLINGS: Readonly<Record<string, string>> = {
  Barisal: 'Barishal',
  Jhalokati: 'Jhalokathi',
  Chittagong: 'Chattogram',
  Comilla: 'Cumilla',
  Khagrachari: 'Khagrachhari',
  Laxmipur: 'Lakshmipur',
  Jessore: 'Jashore',
  Bogra: 'Bogura',
  Nawabganj: 'Chapainawabganj',
  Netrakona: 'Netrokona',
  Maulvibazar: 'Moulvibazar',
}

const folded = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]/g, '')

const divisionOfDistrict = new Map<string, Division>(
  DIVISIONS.flatMap((division) => DISTRICTS[division].map((district) => [district, division] as const)),
)
const names = new Map([...divisionOfDistrict.keys(), ...DIVISIONS].map((name) => [folded(name), name]))
for (const [other, name] of Object.entries(SPELLINGS)) names.set(folded(other), name)

/** Division of a district in the name used here; undefined of any other text. */
export const divisionOf = (district: string): Division | undefined => divisionOfDistrict.get(district)

export interface Place {
  readonly district: string
  readonly division: string
}

/** What is wrong with a place, and with which of its fields. */
export interface PlaceProblem {
  readonly field: keyof Place
  readonly detail: string
}

/**
 * The place in the names used here. Empty stays empty, but a district brings its division along. A problem when a name
 * is unknown or the two do not belong together.
 */
export function readPlace(written: Place): Place | PlaceProblem {
  const district = written.district === '' ? '' : names.get(folded(written.district))
  const division = written.division === '' ? '' : names.get(folded(written.division))
  if (district === undefined || (district !== '' && !divisionOfDistrict.has(district))) {
    return {
      field: 'district',
      detail: `${written.district} is none of the 64 districts: write it as in Dhaka, Cumilla or Cox's Bazar`,
    }
  }
  if (division === undefined || (division !== '' && !DIVISIONS.some((known) => known === division))) {
    return {
      field: 'division',
      detail: `${written.division} is no division: it must be one of ${DIVISIONS.join(', ')}`,
    }
  }
  const own = divisionOfDistrict.get(district) ?? division
  if (division !== '' && division !== own) {
    return { field: 'division', detail: `${district} is a district of ${own}, not of ${division}` }
  }
  return { district, division: own }
}
