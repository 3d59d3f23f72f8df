/** GET /v1/vendors and /v1/vendors/{id}: the vendor master. */
import { z } from 'zod'
import { activeFilter, instant } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import { orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly vendor_id: string
  readonly vendor_number: string
  readonly name: string
  readonly name_bn: string
  readonly tin: string
  readonly bin: string
  readonly trade_license: string
  readonly currency: string
  readonly payment_terms_days: number | null
  readonly email: string
  readonly phone: string
  readonly country: string
  readonly address_line: string
  readonly district: string
  readonly division: string
  readonly postcode: string
  readonly bank_name: string
  readonly bank_account: string
  readonly bank_routing: string
  readonly mobile_banking: string
  readonly mobile_banking_provider: string
  readonly withholds_vat: boolean
  readonly withholds_tax: boolean
  readonly rating: number | null
  readonly certificates: readonly string[]
  readonly is_active: boolean
  readonly updated: string
}

const vendor = z
  .object({
    id: z.string(),
    vendorNumber: z.string(),
    name: z.string(),
    nameBn: z.string().nullable(),
    tin: z.string(),
    bin: z.string().nullable(),
    tradeLicense: z.string().nullable(),
    currency: z.string().nullable(),
    paymentTermsDays: z.number().int().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    country: z.string().nullable(),
    addressLine: z.string().nullable(),
    district: z.string().nullable(),
    division: z.string().nullable(),
    postcode: z.string().nullable(),
    bankName: z.string().nullable(),
    bankAccount: z.string().nullable(),
    bankRouting: z.string().nullable(),
    mobileBanking: z.string().nullable(),
    mobileBankingProvider: z.string().nullable(),
    withholdsVat: z.boolean().openapi({ description: 'VAT is deducted at source from it (VDS).' }),
    withholdsTax: z.boolean().openapi({ description: 'Income tax is deducted at source from it (TDS).' }),
    rating: z.number().int().nullable(),
    certificates: z.array(z.string()),
    active: z.boolean(),
    updatedAt: instant,
  })
  .openapi('Vendor')

export const vendors = (services: Services) =>
  operationsOfResource<Row, typeof vendor>(services, {
    plural: 'vendors',
    kept: 'master',
    singular: 'vendor',
    alias: false,
    tag: 'Masters',
    view: 'dim_vendors',
    columns: `vendor_id, vendor_number, name, name_bn, tin, bin, trade_license, currency, payment_terms_days, email, phone,
  country, address_line, district, division, postcode, bank_name, bank_account, bank_routing, mobile_banking,
  mobile_banking_provider, withholds_vat, withholds_tax, rating, certificates, is_active, ${UPDATED}`,
    idColumn: 'vendor_id',
    id: (row) => row.vendor_id,
    order: { column: 'vendor_number', type: 'String', of: (row) => row.vendor_number, ascending: true },
    filters: {
      number: { column: 'vendor_number', schema: z.string().min(1).max(100) },
      tin: { column: 'tin', schema: z.string().min(1).max(20) },
      active: activeFilter,
    },
    response: vendor,
    map: (row) => ({
      id: row.vendor_id,
      vendorNumber: row.vendor_number,
      name: row.name,
      nameBn: orNull(row.name_bn),
      tin: row.tin,
      bin: orNull(row.bin),
      tradeLicense: orNull(row.trade_license),
      currency: orNull(row.currency),
      paymentTermsDays: row.payment_terms_days,
      email: orNull(row.email),
      phone: orNull(row.phone),
      country: orNull(row.country),
      addressLine: orNull(row.address_line),
      district: orNull(row.district),
      division: orNull(row.division),
      postcode: orNull(row.postcode),
      bankName: orNull(row.bank_name),
      bankAccount: orNull(row.bank_account),
      bankRouting: orNull(row.bank_routing),
      mobileBanking: orNull(row.mobile_banking),
      mobileBankingProvider: orNull(row.mobile_banking_provider),
      withholdsVat: row.withholds_vat,
      withholdsTax: row.withholds_tax,
      rating: row.rating,
      certificates: [...row.certificates],
      active: row.is_active,
      updatedAt: row.updated,
    }),
  })
