/**
 * Shares one call among many who ask for the same. Nobody gets the result of a call that began before it asked, so a
 * shared answer is never older than the question.
 */
/** Callers share a call that has not begun; who asks while one runs waits for the next. */
export function shared<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined
  let next: Promise<T> | undefined
  return () => {
    if (next) return next
    const start = async (): Promise<T> => {
      next = undefined
      const current = call()
      running = current
      try {
        return await current
      } finally {
        if (running === current) running = undefined
      }
    }
    next = running === undefined ? Promise.resolve().then(start) : running.then(start, start)
    return next
  }
}
