/**
 * The second clock: what was known at an instant. An event is known from the moment at which the broker appended it, which
 * is when the pipeline learned of it. Owns the reading of `knownAt`.
 */
import { z } from 'zod'
import { parseDay, startOfDay } from '../../schemas/values/calendar.ts'
import { day } from '../http/schemas.ts'

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

export const knownAt = z
  .union([
    day,
    z
      .string()
      .regex(INSTANT, 'must be an instant with its offset, e.g. 2026-07-05T12:00:00Z')
      .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a real instant'),
  ])
  .openapi({
    type: 'string',
    description:
      'Only what was in the log by then counts: an RFC 3339 instant, or a day of the tenant with all of it. What counts is ' +
      'when the broker appended an event, whatever its own dates say. Default: all that is known now.',
    example: '2026-07-05T12:00:00Z',
  })

/** First millisecond at which an event is too late to be known. */
export const knownBefore = (text: string, zone: string): number =>
  text.includes('T') ? Date.parse(text) + 1 : startOfDay(parseDay(text) + 1, zone)
