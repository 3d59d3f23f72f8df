/** Small questions that a task asks of every record. PURE. */
import type { Topology } from './topology.ts'

export /** A type is order-free when every topology says so: one that ignores the type lists it as well. */
function orderFreeTypes(topologies: readonly Topology[]): ReadonlySet<string> {
  const [first, ...rest] = topologies
  const types = [...(first?.orderFree ?? [])]
  return new Set(types.filter((type) => rest.every((topology) => topology.orderFree?.has(type))))
}

/** Key bytes against text, without making a string of the usual ASCII key. */
export function sameText(bytes: Buffer, text: string): boolean {
  if (bytes.length < text.length) return false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return bytes.toString('utf8') === text
    if (bytes[i] !== unit) return false
  }
  return bytes.length === text.length
}
