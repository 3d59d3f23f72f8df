/**
 * Owns how many queries run at once: lanes with a bounded queue. Q1: a lane is given back exactly once. Q2: whoever
 * waits too long, or finds the queue full, is told so and nothing was run.
 */
import { tooManyQueries } from './errors.ts'

export interface LaneOptions {
  readonly name: string
  readonly width: number
  readonly queueMax: number
  readonly waitMs: number
}

interface Waiter {
  readonly grant: () => void
}

export class Lanes {
  readonly #options: LaneOptions
  readonly #waiting: Waiter[] = []
  #free: number

  constructor(options: LaneOptions) {
    this.#options = options
    this.#free = options.width
  }

  get busy(): number {
    return this.#options.width - this.#free
  }

  /** Gives the function that frees the lane. */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1
    else await this.#wait()
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#waiting.shift()
      if (next) next.grant()
      else this.#free += 1
    }
  }

  #wait(): Promise<void> {
    const { name, queueMax, waitMs } = this.#options
    if (this.#waiting.length >= queueMax) {
      throw tooManyQueries(
        `Too many simultaneous queries: ${queueMax} already wait for a ${name} lane. Try again later`,
      )
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(
          tooManyQueries(
            `Too many simultaneous queries: no ${name} lane was free for ${waitMs} ms. Try again later`,
          ),
        )
      }, waitMs)
      const waiter: Waiter = {
        grant: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      this.#waiting.push(waiter)
    })
  }
}
