/** The points of a KPI's history, and where they stand on a time axis. PURE. */
export const GRAINS = ['hour', 'day', 'month'] as const
export type Grain = (typeof GRAINS)[number]

export interface HistoryPoint {
  readonly asOf: string
  readonly at: string
  readonly value: string | null
  readonly unit: string
}

/** The points with the figure of now as the last one, so that the line ends where the tile stands. */
export function withNow(
  points: readonly HistoryPoint[],
  grain: Grain,
  now: HistoryPoint | undefined,
): readonly HistoryPoint[] {
  if (now === undefined) return points
  const last = points.at(-1)
  const same = last !== undefined && grain !== 'hour' && periodOf(last, grain) === periodOf(now, grain)
  return [...(same ? points.slice(0, -1) : points), now]
}

const periodOf = ({ asOf }: HistoryPoint, grain: Grain): string =>
  grain === 'month' ? asOf.slice(0, 7) : asOf

/** Where a point stands on the time axis, in seconds. */
export const secondsOf = ({ asOf, at }: HistoryPoint, grain: Grain): number =>
  Date.parse(grain === 'hour' ? at : `${asOf}T00:00:00Z`) / 1000
