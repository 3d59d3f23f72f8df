/**
 * Owns ending a service whose supervisor is gone, where the kernel can't be asked to (launcher.ts, N1). Preloaded with
 * `--import`; refuses to do anything else.
 */
const CHECK_EVERY_MS = 1_000
const parent = process.ppid

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
}, CHECK_EVERY_MS).unref()
