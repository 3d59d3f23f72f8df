/**
 * Turns of the event loop for long work: at most one slice of folding, replaying or encoding per turn, whoever asks. Ten
 * partitions that each took a slice per turn would make every answer of the broker wait ten slices, and a commit has
 * about ten answers to wait for. A lone slice after a quiet turn does not wait at all.
 */
export class Turns {
  #taken = false
  readonly #waiting: (() => void)[] = []

  /** Resolves when a slice may run; undefined = now. First come, first served. */
  next(): Promise<void> | undefined {
    if (!this.#taken) {
      this.#taken = true
      setImmediate(this.#release)
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  readonly #release = (): void => {
    const next = this.#waiting.shift()
    if (next === undefined) {
      this.#taken = false
      return
    }
    setImmediate(this.#release)
    next()
  }
}
