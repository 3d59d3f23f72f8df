import { describe, expect, it } from '@jest/globals'
import { openApiDocument } from '../../../../producers/http/openapi.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}
interface Document {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly post: {
          readonly requestBody: { readonly content: Record<string, { readonly schema: Schema }> }
        }
      }
    >
  >
}

/** Every field of a schema, with where it stands. */
function fieldsOf({ properties = {}, items, oneOf = [], anyOf = [] }: Schema, at = ''): readonly string[] {
  return [
    ...Object.entries(properties).flatMap(([name, field]) => [
      `${at}${name}`,
      ...fieldsOf(field, `${at}${name}.`),
    ]),
    ...(items ? fieldsOf(items, at) : []),
    ...[...oneOf, ...anyOf].flatMap((one) => fieldsOf(one, at)),
  ]
}

describe('the OpenAPI document', () => {
  const { paths } = openApiDocument() as Document
  const fields = (path: string) =>
    fieldsOf(paths[path]?.post.requestBody.content['application/json']?.schema ?? {})

  it.each<[string, readonly string[]]>([
    [
      '/v1/invoices',
      [
        'lines.discount',
        'lines.discount.percent',
        'lines.sdRate',
        'lines.vatPerUnit',
        'lines.productId',
      ].concat(['lines.unit', 'lines.accountId', 'instalments.dueDate', 'salespersonId']),
    ],
    ['/v1/invoices/{id}/write-off', ['amount', 'writeOffDate', 'reason']],
    ['/v1/invoices/{id}/dispute', ['disputed', 'effectiveDate', 'reason']],
    ['/v1/payments', ['direction', 'customerId', 'vdsWithheld', 'tdsWithheld', 'accountId']],
    ['/v1/payments/{id}/reconcile', ['statementDate', 'statementReference']],
    ['/v1/credit-notes', ['invoiceId', 'invoiceLines.line', 'invoiceLines.quantity', 'lines.unitPrice']],
    ['/v1/credit-notes/{id}/allocate', ['allocations.invoiceId', 'allocations.amount']],
    ['/v1/credit-notes/{id}/cancel', ['cancelledDate', 'reason']],
  ])('has %s with its fields', (path, expected) => {
    expect(fields(path)).toEqual(expect.arrayContaining([...expected]))
  })
})
