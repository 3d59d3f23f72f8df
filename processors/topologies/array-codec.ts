/** Codecs of the finance stores: every value as an array in one fixed order, so that equal values give equal bytes. */
import type { Codec } from '../runtime/topology.ts'

/** Codec by way of a JSON array. `write` and `read` are inverse. `upgrade`: from an array of the version before. */
export function arrayCodec<V, A extends readonly unknown[], B extends readonly unknown[] = never>(
  write: (value: V) => A,
  read: (array: A) => V,
  upgrade?: (array: B) => A,
): Codec<V> {
  const version = upgrade === undefined ? 1 : 2
  return {
    version,
    encode: (value) => JSON.stringify(write(value)),
    decode(bytes, written) {
      const array: unknown = JSON.parse(bytes.toString())
      if (written === version) return read(array as A)
      if (upgrade !== undefined && written === version - 1) return read(upgrade(array as B))
      throw new Error(`state was written by codec version ${written}, this program reads up to ${version}`)
    },
  }
}
