/**
 * Loaded by `--import` before a program: SIGUSR2 steps its wall clock to the next of CLOCK_STEPS_MS (how far from the
 * truth), as an operator or a time server would. The monotonic clock is not touched.
 */
const steps = (process.env['CLOCK_STEPS_MS'] ?? '').split(',').map(Number)
const now = Date.now.bind(Date)
let offMs = 0

class SteppedDate extends Date {
  constructor(...args: unknown[]) {
    super(...((args.length === 0 ? [now() + offMs] : args) as []))
  }

  static override now(): number {
    return now() + offMs
  }
}
globalThis.Date = SteppedDate as DateConstructor

process.on('SIGUSR2', () => {
  offMs = steps.shift() ?? 0
  process.stdout.write(`the clock is ${offMs} ms off\n`)
})
