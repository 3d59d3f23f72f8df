/**
 * Owns who the demo company is: Padma Trading House of Chattogram, a wholesaler of food and household goods. Customers
 * with their terms and habits, goods with prices, and how sales move with the week, the two Eids and the fiscal year.
 * PURE: all follows from the seed.
 */
import { type EpochDay, formatDay, parseDay } from '../../schemas/values/calendar.ts'
import { Random } from './random.ts'

export const TENANT = {
  id: 'demo',
  name: 'Padma Trading House (পদ্মা ট্রেডিং হাউস)',
  zone: 'Asia/Dhaka',
  currency: 'BDT',
  fiscalYearStart: '07-01',
} as const

/** Walk-in buyers at the counter. */
export const COUNTER = 'counter'

export interface Customer {
  readonly id: string
  readonly number: string
  readonly name: string
  readonly nameBn: string
  readonly phone: string
  readonly termsDays: number
  /** Share of the orders. */
  readonly weight: number
  /** Days after the due date on which the customer usually pays. */
  readonly lateDays: number
  readonly spreadDays: number
  readonly paysInParts: number
}

const NAMES: readonly (readonly [string, string])[] = [
  ['Rahim Traders', 'রহিম ট্রেডার্স'],
  ['Karim & Sons', 'করিম অ্যান্ড সন্স'],
  ['Meghna Store', 'মেঘনা স্টোর'],
  ['Jamuna Super Shop', 'যমুনা সুপার শপ'],
  ['Shapla Enterprise', 'শাপলা এন্টারপ্রাইজ'],
  ['Dhaka Fresh Mart', 'ঢাকা ফ্রেশ মার্ট'],
  ['Chandpur Bhandar', 'চাঁদপুর ভাণ্ডার'],
  ['Sonali Grocers', 'সোনালী গ্রোসার্স'],
  ['Bismillah Store', 'বিসমিল্লাহ স্টোর'],
  ['New Market Wholesale', 'নিউ মার্কেট হোলসেল'],
  ['Surma Traders', 'সুরমা ট্রেডার্স'],
  ['Karnaphuli Agency', 'কর্ণফুলী এজেন্সি'],
  ['Tista Distributors', 'তিস্তা ডিস্ট্রিবিউটর্স'],
  ['Madina Bhandar', 'মদিনা ভাণ্ডার'],
  ['Rupali Corner', 'রূপালী কর্নার'],
  ['Hossain Brothers', 'হোসেন ব্রাদার্স'],
  ['Green Leaf Restaurant', 'গ্রিন লিফ রেস্টুরেন্ট'],
  ['Star Kabab House', 'স্টার কাবাব হাউস'],
  ['Hotel Agrabad Stores', 'হোটেল আগ্রাবাদ স্টোর্স'],
  ['Sylhet Tea House', 'সিলেট টি হাউস'],
  ['Barishal Rice Mill', 'বরিশাল রাইস মিল'],
  ['Comilla Sweets', 'কুমিল্লা সুইটস'],
  ['Bogura Doi Ghar', 'বগুড়া দই ঘর'],
  ['Khulna Fish Depot', 'খুলনা ফিশ ডিপো'],
  ['Rajshahi Mango Co.', 'রাজশাহী ম্যাঙ্গো কোং'],
  ['Noakhali Variety Store', 'নোয়াখালী ভ্যারাইটি স্টোর'],
  ['Feni Traders', 'ফেনী ট্রেডার্স'],
  ['Gulshan Organic', 'গুলশান অর্গানিক'],
  ['Mirpur Mini Mart', 'মিরপুর মিনি মার্ট'],
  ['Uttara Daily Needs', 'উত্তরা ডেইলি নিডস'],
  ['Banani Bakers', 'বনানী বেকার্স'],
  ['Savar Canteen Services', 'সাভার ক্যান্টিন সার্ভিসেস'],
  ['Narayanganj Mess Supply', 'নারায়ণগঞ্জ মেস সাপ্লাই'],
  ['Gazipur Garments Canteen', 'গাজীপুর গার্মেন্টস ক্যান্টিন'],
  ['Tongi Hostel Trust', 'টঙ্গী হোস্টেল ট্রাস্ট'],
  ["Cox's Bazar Sea Crown", 'কক্সবাজার সি ক্রাউন'],
  ['Rangamati Hill Store', 'রাঙামাটি হিল স্টোর'],
  ['Jashore Flower & Food', 'যশোর ফ্লাওয়ার অ্যান্ড ফুড'],
  ['Mymensingh Cooperative', 'ময়মনসিংহ সমবায়'],
  ['Rangpur Potato Traders', 'রংপুর পটেটো ট্রেডার্স'],
  ['Dinajpur Lichu Bagan', 'দিনাজপুর লিচু বাগান'],
  ['Pabna Household', 'পাবনা হাউসহোল্ড'],
]

const TERMS = [0, 15, 30, 45, 60] as const

export function customersOf(seed: number): readonly Customer[] {
  return NAMES.map(([name, nameBn], index) => {
    const random = new Random(seed, 'customer', index)
    const habit = random.weighted([45, 35, 15, 5])
    return {
      id: `cust-${String(index + 1).padStart(3, '0')}`,
      number: `C-${String(index + 1).padStart(4, '0')}`,
      name,
      nameBn,
      phone: `+8801${random.whole(3, 9)}${String(random.whole(0, 99_999_999)).padStart(8, '0')}`,
      termsDays: TERMS[random.weighted([15, 20, 35, 20, 10])] ?? 30,
      weight: 1 / (1 + index * 0.18),
      lateDays: [-3, 4, 16, 42][habit] ?? 0,
      spreadDays: [3, 6, 14, 30][habit] ?? 5,
      paysInParts: [0.05, 0.15, 0.35, 0.5][habit] ?? 0,
    }
  })
}

export interface Good {
  readonly name: string
  readonly category: string
  /** Price of one unit, in poisha. */
  readonly price: number
  readonly quantity: readonly [min: number, max: number]
  readonly vatCode: 'standard' | 'exempt'
}

export const GOODS: readonly Good[] = [
  { name: 'Miniket rice, 50 kg', category: 'rice', price: 342_500, quantity: [4, 40], vatCode: 'standard' },
  {
    name: 'Nazirshail rice, 25 kg',
    category: 'rice',
    price: 196_000,
    quantity: [4, 40],
    vatCode: 'standard',
  },
  { name: 'Chinigura rice, 10 kg', category: 'rice', price: 134_950, quantity: [3, 25], vatCode: 'standard' },
  { name: 'Soybean oil, 5 l', category: 'oil', price: 84_500, quantity: [10, 80], vatCode: 'standard' },
  { name: 'Mustard oil, 1 l', category: 'oil', price: 27_850, quantity: [12, 120], vatCode: 'standard' },
  {
    name: 'Masoor lentils, 25 kg',
    category: 'pulses',
    price: 318_075,
    quantity: [2, 20],
    vatCode: 'standard',
  },
  { name: 'Sugar, 50 kg', category: 'sugar', price: 610_000, quantity: [2, 16], vatCode: 'standard' },
  { name: 'Sylhet tea, 500 g', category: 'tea', price: 24_990, quantity: [12, 96], vatCode: 'standard' },
  {
    name: 'Turmeric powder, 1 kg',
    category: 'spices',
    price: 41_535,
    quantity: [6, 40],
    vatCode: 'standard',
  },
  { name: 'Milk powder, 1 kg', category: 'dairy', price: 79_900, quantity: [6, 48], vatCode: 'standard' },
  {
    name: 'Laundry soap, carton',
    category: 'household',
    price: 118_450,
    quantity: [2, 24],
    vatCode: 'standard',
  },
]

/** First days of Eid-ul-Fitr and Eid-ul-Adha. */
const EIDS: readonly EpochDay[] = [
  '2024-04-11',
  '2024-06-17',
  '2025-03-31',
  '2025-06-07',
  '2026-03-20',
  '2026-05-27',
  '2027-03-10',
  '2027-05-17',
  '2028-02-27',
  '2028-05-05',
].map(parseDay)

const FRIDAY = 5
const SATURDAY = 6
/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: EpochDay): number => (((day + 4) % 7) + 7) % 7

/** How busy a day is, 1 = usual. */
export function seasonOf(day: EpochDay): number {
  let factor = 1
  const weekday = weekdayOf(day)
  if (weekday === FRIDAY) factor *= 0.2
  if (weekday === SATURDAY) factor *= 0.8
  const month = Number(formatDay(day).slice(5, 7))
  if (month === 6) factor *= 1.25
  if (month === 12 || month === 1) factor *= 1.1
  for (const eid of EIDS) {
    const before = eid - day
    if (before > 0 && before <= 21) factor *= 1.7
    if (before <= 0 && before > -4) factor *= 0.1
  }
  return factor
}
