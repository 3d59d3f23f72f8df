/**
 * Two mistakes of kafkajs 2.2.4 mended in place, both in its connections. Importing this file applies them.
 * V1: an idle connection re-armed a timer in the past for ever (760 wake-ups a second, a warning on Node 24): the timer
 *     is set only when a request waits or the broker throttles.
 * V2: two requests that met a closed connection opened two sockets over one decoder: connecting happens once.
 */
import { type Connection, ConnectionPoolClass, type RequestQueue, RequestQueueClass } from './internals.ts'

const queue = RequestQueueClass.prototype as { scheduleCheckPendingRequests: (this: RequestQueue) => void }
const { scheduleCheckPendingRequests } = queue

queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheckPendingRequests.call(this)
}

interface Pool {
  readonly pool: readonly Connection[]
  getConnection(index?: number): Promise<Connection>
}

const connecting = new WeakMap<Connection, Promise<unknown>>()

const pool = ConnectionPoolClass.prototype as Pool

pool.getConnection = async function (this: Pool, index = 0): Promise<Connection> {
  const connection = this.pool[index]
  if (!connection) throw new RangeError(`no connection ${index}`)
  if (!connection.isConnected()) {
    let underWay = connecting.get(connection)
    if (!underWay) {
      underWay = connection.connect().finally(() => connecting.delete(connection))
      connecting.set(connection, underWay)
    }
    await underWay
  }
  return connection
}
