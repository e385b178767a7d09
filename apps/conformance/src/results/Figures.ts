/** Collects the figures that tests of a campaign report; outside of a campaign nothing is collected. */
import { appendFileSync, existsSync, readFileSync } from "node:fs"

/** Figures by their name in words. */
export type Figures = Readonly<Record<string, number>>

/** The report of a test: how much was tried, and how much its controls noticed. */
export interface Report {
  readonly counts?: Figures
  /** Problems that the judge noticed in programs that break a promise on purpose, by the name of each. */
  readonly controls?: Figures
}

/** The variable that names the file of the reports. */
export const variable = "AELYST_FIGURES"

/** Reports figures of a test to the campaign that runs it, if there is one. */
export const report = (figures: Report): void => {
  const file = process.env[variable]
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figures)}\n`)
}

/** Reads the reports of a file and adds up the figures of each name. */
export const sumOf = (file: string): Required<Report> => {
  const sum: Record<"counts" | "controls", Record<string, number>> = { counts: {}, controls: {} }
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []
  for (const line of lines.filter((text) => text !== "")) {
    // safe: only `report` writes to the file
    const reported = JSON.parse(line) as Report
    for (const kind of ["counts", "controls"] as const) {
      for (const [name, count] of Object.entries(reported[kind] ?? {}))
        sum[kind][name] = (sum[kind][name] ?? 0) + count
    }
  }
  return sum
}
