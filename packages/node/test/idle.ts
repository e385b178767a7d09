/** Checks that a child process of a test is free to exit. */

const standard = new Set(["Immediate", "PipeWrap", "TTYWrap", "FSReqCallback"])

/** Lets the event loop run this many times. */
export const iterate = async (times: number): Promise<void> => {
  if (times === 0) return
  await new Promise((resolve) => setImmediate(resolve))
  await iterate(times - 1)
}

const active = () => process.getActiveResourcesInfo().filter((name) => !standard.has(name))

/** Waits in iterations of the event loop, not in time, until nothing but the standard resources is active. */
const idle = async (times: number): Promise<void> => {
  if (times === 0 || active().length === 0) return
  await iterate(1)
  await idle(times - 1)
}

/** Fails the process if something keeps it alive after the event loop has closed what was ended. */
export const assertIdle = async (): Promise<void> => {
  await idle(500)
  const held = active()
  if (held.length === 0) return
  process.stderr.write(`still active: ${held.join(", ")}\n`)
  process.exit(1)
}
