/**
 * The units that goods and services are counted in, with those of Bangladesh's markets. PURE data. `uneceCode` is the
 * code of UN/ECE recommendation 20 (X and a code of 21 for packages), null where there is none.
 */
export type UnitDimension = 'count' | 'package' | 'mass' | 'volume' | 'length' | 'area' | 'time' | 'service'

export interface Unit {
  readonly code: string
  readonly name: string
  readonly nameBn: string
  readonly dimension: UnitDimension
  readonly uneceCode: string | null
}

const unit = (
  code: string,
  name: string,
  nameBn: string,
  dimension: UnitDimension,
  uneceCode: string | null = null,
): Unit => ({ code, name, nameBn, dimension, uneceCode })

export const UNITS: readonly Unit[] = [
  unit('PCS', 'Piece', 'পিস', 'count', 'H87'),
  unit('PAIR', 'Pair', 'জোড়া', 'count', 'PR'),
  unit('SET', 'Set', 'সেট', 'count', 'SET'),
  unit('HALI', 'Hali (4 pieces)', 'হালি', 'count'),
  unit('DOZEN', 'Dozen', 'ডজন', 'count', 'DZN'),
  unit('KURI', 'Kuri (20 pieces)', 'কুড়ি', 'count'),
  unit('PON', 'Pon (80 pieces)', 'পণ', 'count'),
  unit('GROSS', 'Gross (144 pieces)', 'গ্রোস', 'count', 'GRO'),
  unit('HUNDRED', 'Hundred', 'শ', 'count', 'CEN'),
  unit('THOUSAND', 'Thousand', 'হাজার', 'count', 'MIL'),
  unit('BOX', 'Box', 'বাক্স', 'package', 'XBX'),
  unit('CTN', 'Carton', 'কার্টন', 'package', 'XCT'),
  unit('PKT', 'Packet', 'প্যাকেট', 'package', 'XPA'),
  unit('BAG', 'Bag', 'ব্যাগ', 'package', 'XBG'),
  unit('BOSTA', 'Bosta (sack)', 'বস্তা', 'package', 'XSA'),
  unit('BUNDLE', 'Bundle', 'বান্ডিল', 'package', 'XBE'),
  unit('BALE', 'Bale', 'গাঁট', 'package', 'XBL'),
  unit('ROLL', 'Roll', 'রোল', 'package', 'XRO'),
  unit('REAM', 'Ream', 'রিম', 'package', 'RM'),
  unit('SHEET', 'Sheet', 'শিট', 'package', 'XST'),
  unit('BOTTLE', 'Bottle', 'বোতল', 'package', 'XBO'),
  unit('CAN', 'Can', 'ক্যান', 'package', 'XCA'),
  unit('TIN', 'Tin', 'টিন', 'package', 'XTN'),
  unit('DRUM', 'Drum', 'ড্রাম', 'package', 'XDR'),
  unit('BARREL', 'Barrel', 'ব্যারেল', 'package', 'XBA'),
  unit('JAR', 'Jar', 'বয়াম', 'package', 'XJR'),
  unit('TUBE', 'Tube', 'টিউব', 'package', 'XTU'),
  unit('CRATE', 'Crate', 'ক্রেট', 'package', 'XCR'),
  unit('TRAY', 'Tray', 'ট্রে', 'package', 'XPU'),
  unit('PALLET', 'Pallet', 'প্যালেট', 'package', 'XPX'),
  unit('CYLINDER', 'Cylinder', 'সিলিন্ডার', 'package', 'XCY'),
  unit('STRIP', 'Strip of tablets', 'পাতা', 'package'),
  unit('VIAL', 'Vial', 'ভায়াল', 'package', 'XVI'),
  unit('SACHET', 'Sachet', 'মিনিপ্যাক', 'package', 'XSH'),
  unit('CONE', 'Cone of yarn', 'কোন', 'package'),
  unit('KG', 'Kilogram', 'কেজি', 'mass', 'KGM'),
  unit('G', 'Gram', 'গ্রাম', 'mass', 'GRM'),
  unit('MG', 'Milligram', 'মিলিগ্রাম', 'mass', 'MGM'),
  unit('MT', 'Metric ton', 'মেট্রিক টন', 'mass', 'TNE'),
  unit('QUINTAL', 'Quintal (100 kg)', 'কুইন্টাল', 'mass', 'DTN'),
  unit('LB', 'Pound', 'পাউন্ড', 'mass', 'LBR'),
  unit('OZ', 'Ounce', 'আউন্স', 'mass', 'ONZ'),
  unit('CARAT', 'Carat', 'ক্যারেট', 'mass', 'CTM'),
  unit('MAUND', 'Maund (40 seer)', 'মণ', 'mass'),
  unit('SEER', 'Seer', 'সের', 'mass'),
  unit('POA', 'Poa (quarter seer)', 'পোয়া', 'mass'),
  unit('CHHATAK', 'Chhatak (1/16 seer)', 'ছটাক', 'mass'),
  unit('TOLA', 'Tola', 'তোলা', 'mass'),
  unit('BHORI', 'Bhori (16 ana)', 'ভরি', 'mass'),
  unit('ANA', 'Ana (6 rati)', 'আনা', 'mass'),
  unit('RATI', 'Rati', 'রতি', 'mass'),
  unit('L', 'Litre', 'লিটার', 'volume', 'LTR'),
  unit('ML', 'Millilitre', 'মিলিলিটার', 'volume', 'MLT'),
  unit('CUM', 'Cubic metre', 'ঘনমিটার', 'volume', 'MTQ'),
  unit('CFT', 'Cubic foot', 'ঘনফুট', 'volume', 'FTQ'),
  unit('GALLON', 'Gallon (US)', 'গ্যালন', 'volume', 'GLL'),
  unit('M', 'Metre', 'মিটার', 'length', 'MTR'),
  unit('CM', 'Centimetre', 'সেন্টিমিটার', 'length', 'CMT'),
  unit('MM', 'Millimetre', 'মিলিমিটার', 'length', 'MMT'),
  unit('KM', 'Kilometre', 'কিলোমিটার', 'length', 'KMT'),
  unit('FT', 'Foot', 'ফুট', 'length', 'FOT'),
  unit('IN', 'Inch', 'ইঞ্চি', 'length', 'INH'),
  unit('YD', 'Yard (goj)', 'গজ', 'length', 'YRD'),
  unit('RFT', 'Running foot', 'রানিং ফুট', 'length', 'LF'),
  unit('SQM', 'Square metre', 'বর্গমিটার', 'area', 'MTK'),
  unit('SFT', 'Square foot', 'বর্গফুট', 'area', 'FTK'),
  unit('ACRE', 'Acre', 'একর', 'area', 'ACR'),
  unit('BIGHA', 'Bigha (20 katha)', 'বিঘা', 'area'),
  unit('KATHA', 'Katha', 'কাঠা', 'area'),
  unit('DECIMAL_LAND', 'Decimal of land (1/100 acre)', 'শতাংশ', 'area'),
  unit('HOUR', 'Hour', 'ঘণ্টা', 'time', 'HUR'),
  unit('DAY', 'Day', 'দিন', 'time', 'DAY'),
  unit('MONTH', 'Month', 'মাস', 'time', 'MON'),
  unit('JOB', 'Job', 'কাজ', 'service', 'E48'),
]

/** By code. */
export const UNIT_BY_CODE: ReadonlyMap<string, Unit> = new Map(UNITS.map((one) => [one.code, one]))
