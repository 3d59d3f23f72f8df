/** What a refusal says, for tests. */
import { Refusal } from '../../../producers/kernel/errors.ts'

/** Code and first pointer of the refusal, or 'accepted'. */
export function refusalOf(work: () => unknown): string {
  try {
    work()
    return 'accepted'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const pointer = error.options.errors?.[0]?.pointer
    return pointer === undefined ? error.code : `${error.code} ${pointer}`
  }
}
