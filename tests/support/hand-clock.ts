/** Date.now by hand, for what decides by the clock: a busy machine must not decide a test. */
import { jest } from '@jest/globals'

export interface HandClock {
  advance(ms: number): void
  restore(): void
}

export function handClock(): HandClock {
  let now = Date.now()
  const spy = jest.spyOn(Date, 'now').mockImplementation(() => now)
  return {
    advance: (ms) => {
      now += ms
    },
    restore: () => spy.mockRestore(),
  }
}
