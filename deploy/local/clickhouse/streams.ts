/**
 * Owns results too large to hold: handed on as the engine makes them, when the format allows it. Refuses: formats with
 * a head or a tail (JSON, WithNames, Parquet, ...), since the engine would write it once for every chunk.
 */
import { Worker } from 'node:worker_threads'
import { fromEngine } from './errors.ts'
import type { FromWorker, ToWorker } from './stream-worker.ts'

const STREAMABLE =
  /^(JSON(Compact)?(Strings)?EachRow|JSONLines|NDJSON|TSV|TSVRaw|TabSeparated|TabSeparatedRaw|CSV|TSKV|Native|RowBinary)$/i

export const isStreamable = (format: string): boolean => STREAMABLE.test(format)

export interface StreamAsk {
  readonly setup: readonly string[]
  readonly sql: string
  readonly format: string
}

type Next = { readonly bytes: Buffer } | { readonly failure: Error } | 'end'

interface Open {
  readonly arrived: Next[]
  wake: () => void
}

export class Streams {
  readonly #path: string
  readonly #open = new Map<number, Open>()
  #worker: Worker | undefined
  #count = 0

  constructor(path: string) {
    this.#path = path
  }

  async *read(ask: StreamAsk): AsyncGenerator<Buffer> {
    const worker = this.#thread()
    this.#count += 1
    const id = this.#count
    const open: Open = { arrived: [], wake: () => undefined }
    this.#open.set(id, open)
    const tell = (message: ToWorker): void => worker.postMessage(message)
    let ended = false
    tell({ kind: 'start', id, ...ask })
    try {
      while (true) {
        const next = open.arrived.shift()
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            open.wake = resolve
          })
        } else if (next === 'end') {
          ended = true
          return
        } else if ('failure' in next) {
          ended = true
          throw fromEngine(next.failure)
        } else {
          yield next.bytes
          tell({ kind: 'more', id })
        }
      }
    } finally {
      if (!ended) {
        tell({ kind: 'cancel', id })
        await this.#over(open)
      }
      this.#open.delete(id)
    }
  }

  /** Until the engine let go of the query, so that the lane is really free. */
  async #over(open: Open): Promise<void> {
    while (true) {
      const next = open.arrived.shift()
      if (next === 'end' || (next !== undefined && 'failure' in next)) return
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          open.wake = resolve
        })
      }
    }
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./stream-worker.ts', import.meta.url), {
      workerData: { path: this.#path },
    })
    worker.unref()
    worker.on('message', (message: FromWorker) => {
      const open = this.#open.get(message.id)
      if (open === undefined) return
      if (message.kind === 'chunk') open.arrived.push({ bytes: Buffer.from(message.bytes) })
      else open.arrived.push(message.kind === 'end' ? 'end' : { failure: new Error(message.message) })
      open.wake()
    })
    worker.on('error', (failure) => {
      this.#worker = undefined
      for (const open of this.#open.values()) {
        open.arrived.push({ failure: failure instanceof Error ? failure : new Error(String(failure)) })
        open.wake()
      }
    })
    this.#worker = worker
    return worker
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }
}
