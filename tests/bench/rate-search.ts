/**
 * Finds the highest rate that is met: halves until one is, then takes the middle between met and not met. PURE but for
 * the question. A rate is asked for once, and what is answered is taken as it is: a machine that others use answers
 * differently each time.
 */
export async function highestMet(
  from: number,
  isMet: (rate: number) => Promise<boolean>,
  options: { readonly least?: number; readonly middles?: number } = {},
): Promise<number | undefined> {
  const { least = 10, middles = 3 } = options
  let notMet: number | undefined
  let rate = from
  while (!(await isMet(rate))) {
    notMet = rate
    rate = Math.floor(rate / 2)
    if (rate < least) return undefined
  }
  for (let left = middles; left > 0 && notMet !== undefined; left--) {
    const middle = Math.round((rate + notMet) / 2)
    if (middle <= rate || middle >= notMet) break
    if (await isMet(middle)) rate = middle
    else notMet = middle
  }
  return rate
}
