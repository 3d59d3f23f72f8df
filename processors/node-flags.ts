/**
 * How a processor process wants its Node: a large young generation. A stream of records is garbage within
 * milliseconds; with the default of 16 MB it is copied by the collector before it can die. It is large from the start:
 * growing to it takes the first seconds of a catch-up.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=64', '--min-semi-space-size=64']
