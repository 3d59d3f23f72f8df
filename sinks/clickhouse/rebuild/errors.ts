/** What a rebuild of a store says when it does not go on, and the names of its steps. */
import { NikashError } from '../../../platform/errors.ts'

export type StepName = 'begin' | 'fill' | 'compare' | 'hold' | 'tail' | 'exchange' | 'letgo' | 'drop'

export class StoreRebuildError extends NikashError {
  override readonly name = 'StoreRebuildError'
  readonly help: string

  constructor(code: string, message: string, help: string) {
    super(code, message)
    this.help = help
  }
}
