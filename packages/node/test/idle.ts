/** Checks that a child process of a test is free to exit. */

const standard = new Set(["Immediate", "PipeWrap", "TTYWrap", "FSReqCallback"])

/** Lets the event loop run this many times. */
export const iterate = async (times: number): Promise<void> => {
  if (times === 0) return
  await new Promise((resolve) => setImmediate(resolve))
  await iterate(times - 1)
}

/** Fails the process if something keeps it alive after the event loop has closed what was ended. */
export const assertIdle = async (): Promise<void> => {
  await iterate(20)
  const held = process.getActiveResourcesInfo().filter((name) => !standard.has(name))
  if (held.length === 0) return
  process.stderr.write(`still active: ${held.join(", ")}\n`)
  process.exit(1)
}
