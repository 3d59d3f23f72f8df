/** The part of a logger that the engine uses; pino's fits. */
export interface RuntimeLog {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export const NO_LOG: RuntimeLog = { debug() {}, info() {}, warn() {}, error() {} }
