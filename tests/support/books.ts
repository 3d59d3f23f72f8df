/** A tenant with a customer, made through the command service, for tests that need somebody's books. */
import { command, freshTenant } from './http.ts'
import { signToken } from './tokens.ts'

export interface Books {
  readonly tenant: string
  /** Role writer. */
  readonly writer: string
  /** Role reader. */
  readonly reader: string
  /** Creates an approved invoice; answers its id. */
  invoice(amount: string, more?: Record<string, unknown>): Promise<string>
  payment(amount: string, more?: Record<string, unknown>): Promise<string>
}

export async function openBooks(
  stack: { readonly commandsUrl: string; readonly jwtAccessSecret: string },
  options: { prefix?: string; name?: string; customer?: string } = {},
): Promise<Books> {
  const tenant = freshTenant(options.prefix ?? 'books')
  const token = (role: 'reader' | 'writer' | 'operator') =>
    signToken(stack.jwtAccessSecret, { tenant, role, lifeSeconds: 1800 })
  const writer = await token('writer')
  await command(stack.commandsUrl, '/v1/tenants', await token('operator'), {
    id: tenant,
    name: options.name ?? tenant,
  })
  await command(stack.commandsUrl, '/v1/customers', writer, {
    id: 'cust-1',
    name: options.customer ?? 'Padma Textiles',
  })
  return {
    tenant,
    writer,
    reader: await token('reader'),
    invoice: async (amount, more = {}) =>
      (
        await command<{ id: string }>(stack.commandsUrl, '/v1/invoices', writer, {
          customerId: 'cust-1',
          status: 'APPROVED',
          lines: [{ description: 'goods', unitPrice: amount, vatCode: 'none', vatRate: '0' }],
          ...more,
        })
      ).id,
    payment: async (amount, more = {}) =>
      (
        await command<{ id: string }>(stack.commandsUrl, '/v1/payments', writer, {
          customerId: 'cust-1',
          amount,
          ...more,
        })
      ).id,
  }
}
