/** Owns rules that rows of several kinds share. PURE. */
import { Wrong } from './fields.ts'

export function refuseEarlyDue(dueDate: string, documentDate: string, document: string): void {
  if (dueDate < documentDate) {
    throw new Wrong('dueDate', `due on ${dueDate}, before ${document} of ${documentDate}`)
  }
}
