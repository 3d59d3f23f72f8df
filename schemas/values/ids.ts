/** Ids. PURE: randomness comes in as bytes. Tenant ids are part of Redis keys and ClickHouse user names, so their form is narrow. */

/** Lower case letters, digits, dash and underscore, starting with a letter or digit, at most 64. */
export const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** Ids given by upstream systems: printable ASCII without spaces, quotes, `|` (key separator) and braces. */
export const EXTERNAL_ID = /^[A-Za-z0-9][A-Za-z0-9._:@/+#-]{0,127}$/

/** Two hexadecimal digits of each byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const hex = (byte: number | undefined): string => HEX[byte ?? 0] ?? ''
/** Of some bytes only the half that there is room for. */
const high = (byte: number | undefined): string => hex(byte)[0] ?? ''

/** UUIDv7 of an instant (ms) and 10 random bytes. */
export function uuidv7(instantMs: number, random: Uint8Array): string {
  if (random.length < 10) throw new RangeError('uuidv7 needs 10 random bytes')
  const [a, b, c, d, e, f, g, h, i, j] = random
  const time = instantMs.toString(16).padStart(12, '0')
  const variant = (0x8 | ((b ?? 0) & 0x3)).toString(16)
  const last = hex(e) + hex(f) + hex(g) + hex(h) + hex(i) + hex(j)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(a)}${high(b)}-${variant}${hex(c)}${high(d)}-${last}`
}
