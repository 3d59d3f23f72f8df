/**
 * Owns reading large results chunk by chunk, on a thread of its own: the engine plans a streamed query synchronously,
 * and that must not stop the thread that answers HTTP. The engine is the one of the process; this thread has its own
 * connections to it.
 * V1: at most CREDIT chunks are on their way to the reader; the next is fetched when one was taken. V2: the thread
 * lives as long as the process (the addon does not survive the end of a thread).
 */
import { parentPort, workerData } from 'node:worker_threads'
import { type Handle, loadNative } from './native.ts'

export interface StreamStart {
  readonly kind: 'start'
  readonly id: number
  /** SET and USE statements, one by one. */
  readonly setup: readonly string[]
  readonly sql: string
  readonly format: string
}
export type ToWorker = StreamStart | { readonly kind: 'more' | 'cancel'; readonly id: number }
export type FromWorker =
  | { readonly kind: 'chunk'; readonly id: number; readonly bytes: Uint8Array; readonly rows: number }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }

interface Stream {
  credit: number
  cancelled: boolean
  wake: () => void
}

export const CREDIT = 3

const native = loadNative()
const { path } = workerData as { path: string }
const streams = new Map<number, Stream>()

const send = (message: FromWorker): void => parentPort?.postMessage(message)

async function run(start: StreamStart, stream: Stream): Promise<void> {
  const connection = native.CreateConnection(path)
  if (connection === null) throw new Error('chdb gave no connection')
  let query: Handle | undefined
  try {
    for (const statement of start.setup) await native.QueryAsyncConnection(connection, statement, 'Null')
    query = native.StreamQuery(connection, start.sql, start.format)
    while (!stream.cancelled) {
      if (stream.credit === 0) {
        await new Promise<void>((resolve) => {
          stream.wake = resolve
        })
        continue
      }
      const chunk = await native.StreamFetch(query)
      if (chunk.done) break
      stream.credit -= 1
      send({ kind: 'chunk', id: start.id, bytes: chunk.bytes, rows: chunk.numRows })
    }
  } finally {
    if (query !== undefined) native.StreamCancel(query)
    native.CloseConnection(connection)
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'start') {
    const stream: Stream = { credit: CREDIT, cancelled: false, wake: () => undefined }
    streams.set(message.id, stream)
    run(message, stream)
      .then(() => send({ kind: 'end', id: message.id }))
      .catch((error: unknown) =>
        send({
          kind: 'error',
          id: message.id,
          message: error instanceof Error ? error.message : String(error),
        }),
      )
      .finally(() => streams.delete(message.id))
    return
  }
  const stream = streams.get(message.id)
  if (stream === undefined) return
  if (message.kind === 'cancel') stream.cancelled = true
  else stream.credit += 1
  stream.wake()
})
