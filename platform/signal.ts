/** Wakes whoever waits; a wake that nobody waited for is kept for the next wait. */
export class Signal {
  #woken = false
  readonly #waiting = new Set<() => void>()

  wake(): void {
    this.#woken = true
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }

  /** Resolves at the next wake, or after `ms`. */
  wait(ms?: number): Promise<void> {
    if (this.#woken) {
      this.#woken = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        this.#woken = false
        resolve()
      }
      if (ms !== undefined) timer = setTimeout(done, ms)
      this.#waiting.add(done)
    })
  }
}
