/** The log of a client: the context that sends the lines of Effect's logger to stderr or to a function. */
import * as Context from "effect/Context"
import * as Logger from "effect/Logger"
import * as References from "effect/References"

import type { AelystOptions, LogLine } from "./types.ts"

const levels: { readonly [level: string]: LogLine["level"] | undefined } = {
  Fatal: "error",
  Error: "error",
  Warn: "warn",
  Info: "info",
}

const textOf = (message: unknown): string =>
  Array.isArray(message) ? message.map(String).join(" ") : String(message)

const writerOf = (logger: AelystOptions["logger"]): ((line: LogLine) => void) | undefined => {
  if (logger === "console") {
    return ({ level, message }) => process.stderr.write(`aelyst ${level}: ${message}\n`)
  }
  return typeof logger === "function" ? logger : undefined
}

/** Writes a line at once; a logger that throws or rejects never changes the result of a call. */
const quietly = async (write: (entry: LogLine) => unknown, entry: LogLine): Promise<void> => {
  try {
    await write(entry)
  } catch {
    // there is nowhere to report it
  }
}

/** Returns the context of all calls: it logs as the option says, and records no spans, since nothing collects them. */
export const contextOf = (logger: AelystOptions["logger"]): Context.Context<never> => {
  const write = writerOf(logger)
  const loggers = new Set<Logger.Logger<unknown, void>>()
  if (write !== undefined) {
    loggers.add(
      Logger.make(({ logLevel, message }) => {
        void quietly(write, { level: levels[logLevel] ?? "debug", message: textOf(message) })
      }),
    )
  }
  return Context.empty().pipe(
    Context.add(Logger.CurrentLoggers, loggers),
    Context.add(References.TracerEnabled, false),
  )
}
