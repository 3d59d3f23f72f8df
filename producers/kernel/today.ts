/** Owns which day it is in a zone: asked several times a command, and a calendar is dear. */
import { dayAt, type EpochDay } from '../../schemas/values/calendar.ts'

const ZONES_MAX = 1_000
const days = new Map<string, { readonly second: number; readonly day: EpochDay }>()

/** Zones are whole seconds off, so all instants of a second are of one day. */
export function today(nowMs: number, zone: string): EpochDay {
  const second = Math.floor(nowMs / 1_000)
  const known = days.get(zone)
  if (known?.second === second) return known.day
  if (days.size >= ZONES_MAX) days.clear()
  const day = dayAt(nowMs, zone)
  days.set(zone, { second, day })
  return day
}
