/**
 * Shows the progress of a run on a stream: one live line on a terminal, else a plain line for each fifth of the rows.
 */

/** Holds the numbers that are shown. */
export interface State {
  readonly total: number
  readonly done: number
  readonly created: number
  readonly elapsedMs: number
  /** The calls in the queue for the rate limit. */
  readonly queued: number
  /** The time until the next request may be sent after a 429; 0 if there was none. */
  readonly pausedMs: number
}

const barWidth = 24
// eighths of a cell, so that the bar moves with every row
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const

/** Draws a bar for a share between 0 and 1. */
export const bar = (share: number): string => {
  const cells = Math.round(Math.min(1, Math.max(0, share)) * barWidth * 8)
  const drawn = "█".repeat(Math.floor(cells / 8)) + (eighths[cells % 8] ?? "")
  return drawn.padEnd(barWidth, " ")
}

/** Returns the state as one line of text. */
export const line = (state: State): string => {
  const rate = state.elapsedMs > 0 ? (state.done / state.elapsedMs) * 1000 : 0
  const waiting =
    state.pausedMs > 0
      ? `  paused for ${(state.pausedMs / 1000).toFixed(1)} s`
      : state.queued > 0
        ? `  ${state.queued} queued for the rate limit`
        : ""
  return `${state.done}/${state.total}  ${state.created} created  ${rate.toFixed(1)}/s${waiting}`
}

/** Shows the states of a run; `stop` removes the live line. */
export interface Progress {
  readonly show: (state: State) => void
  readonly stop: () => void
}

/** The part of a stream that a progress needs. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

/** Creates a progress that writes to a stream. */
export const make = (output: Output): Progress => {
  if (output.isTTY === true) {
    return {
      show: (state) => {
        const text = `${bar(state.done / state.total)} ${line(state)}`
        // cut, never wrapped: a wrapped line could not be replaced
        output.write(`\r\u001B[2K${[...text].slice(0, (output.columns ?? 80) - 1).join("")}`)
      },
      stop: () => {
        output.write("\r\u001B[2K")
      },
    }
  }
  let shown = -1
  return {
    show: (state) => {
      const step = Math.max(1, Math.floor(state.total / 5))
      const last = state.done === state.total && shown < state.done
      if (shown >= 0 && state.done < shown + step && !last) return
      shown = state.done
      output.write(`${line(state)}\n`)
    },
    stop: () => {},
  }
}
