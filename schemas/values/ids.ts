/** Ids. PURE: randomness comes in as bytes. Tenant ids are part of Redis keys and ClickHouse user names, so their form is narrow. */

/** Lower case letters, digits, dash and underscore, starting with a letter or digit, at most 64. */
export const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** Ids given by upstream systems: printable ASCII without spaces, quotes, `|` (key separator) and braces. */
export const EXTERNAL_ID = /^[A-Za-z0-9][A-Za-z0-9._:@/+#-]{0,127}$/

/** UUIDv7 of an instant (ms) and 10 random bytes. */
export function uuidv7(instantMs: number, random: Uint8Array): string {
  if (random.length < 10) throw new RangeError('uuidv7 needs 10 random bytes')
  const time = instantMs.toString(16).padStart(12, '0')
  const r = Array.from(random.subarray(0, 10), (b) => b.toString(16).padStart(2, '0')).join('')
  const variant = ((Number.parseInt(r[3] ?? '0', 16) & 0x3) | 0x8).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${r.slice(0, 3)}-${variant}${r.slice(4, 7)}-${r.slice(7, 19)}`
}
