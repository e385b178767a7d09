/**
 * One listener for each signal, however many calls it ends: for every listener that is added or removed, Node.js looks
 * through all of the signal's.
 */
interface Listening {
  readonly runs: Set<() => void>
  readonly listener: () => void
}

const all = new WeakMap<AbortSignal, Listening>()

const listenTo = (signal: AbortSignal): Listening => {
  const runs = new Set<() => void>()
  const listener = () => {
    for (const run of runs) run()
  }
  signal.addEventListener("abort", listener, { once: true })
  return { runs, listener }
}

/** Calls a function when the signal aborts, at once if it has; the returned function takes that back. */
export const onAbort = (signal: AbortSignal, run: () => void): (() => void) => {
  if (signal.aborted) {
    run()
    return () => undefined
  }
  const listening = all.get(signal) ?? listenTo(signal)
  all.set(signal, listening)
  const { runs, listener } = listening
  runs.add(run)
  return () => {
    runs.delete(run)
    if (runs.size > 0 || all.get(signal) !== listening) return
    signal.removeEventListener("abort", listener)
    all.delete(signal)
  }
}
