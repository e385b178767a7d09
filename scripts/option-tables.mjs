// Makes the option tables of the READMEs from core's table of options, the SDK's own options and the command's settings.
// Each is between two markers; docs.mjs writes them, and with --check compares.
import { globSync, readFileSync } from "node:fs"

import { code, filled, table } from "./generated.mjs"

const count = (value) => value.toLocaleString("en-US")

const units = [
  ["minute", 60_000, 300_000],
  ["second", 1_000, 1_000],
  ["ms", 1, 0],
]

/** Writes milliseconds in words: `15 seconds`, `15 minutes`. */
const words = (ms) => {
  const [unit, factor] = units.find(([, each, from]) => ms >= from && ms % each === 0)
  const n = ms / factor
  return unit === "ms" || n === 1 ? `${count(n)} ${unit}` : `${count(n)} ${unit}s`
}

const time = (ms, milliseconds) =>
  ms === Number.POSITIVE_INFINITY ? "none" : milliseconds ? count(ms) : ms === 0 ? "0" : words(ms)

const defaultOf = (entry, { otherwise }, milliseconds) => {
  if (otherwise !== undefined) return otherwise
  switch (entry.kind) {
    case "duration": {
      const { default: usual, naturalKey, inRuns } = entry
      return [
        time(usual, milliseconds),
        ...(naturalKey === undefined ? [] : [`\`natural-key\`: ${time(naturalKey, milliseconds)}`]),
        ...(inRuns === undefined ? [] : [`runs: ${time(inRuns, milliseconds)}`]),
      ].join("; ")
    }
    case "integer":
      return count(entry.default)
    default:
      return code(entry.default)
  }
}

const rangeOf = (entry, milliseconds) => {
  switch (entry.kind) {
    case "duration":
      return entry.least === 0
        ? "0 or more"
        : `at least ${milliseconds ? count(entry.least) : words(entry.least)}`
    case "integer":
      return entry.most === Number.MAX_SAFE_INTEGER
        ? `at least ${count(entry.least)}`
        : `${count(entry.least)} to ${count(entry.most)}`
    case "choice":
      return entry.choices.map(code).join(", ")
    case "boolean":
      return [true, false].map(code).join(", ")
    case "rate":
      return ["`adaptive`", "`{ perSecond }`", "`false`"].join(", ")
    default:
      return ""
  }
}

const optionRows = (rows, defaults = {}) =>
  rows.map(({ name, cells: [scopes, otherwise, values, sentence] }) => [
    code(name),
    scopes,
    defaults[name] ?? otherwise,
    values,
    sentence,
  ])

/** Replaces the text between the markers in every README that has them. */
export const writeOptionTables = async (outputs, source) => {
  const { optionTable } = await source("core/src/call/OptionTable.ts")
  const { optionTexts } = await source("core/src/call/OptionTexts.ts")
  const { dialect, ownOptions } = await source("node/src/options.ts")
  const { keys, settings } = await source("cli/src/SettingTable.ts")

  const head = ["Option", "Set on", "Default", "Values", "What it does"]
  const rowsOf = (milliseconds) =>
    Object.entries(optionTable).map(([name, entry]) => ({
      name: milliseconds && entry.kind === "duration" ? `${name}Ms` : name,
      cells: [
        entry.scopes.join(", "),
        defaultOf(entry, optionTexts[name], milliseconds),
        rangeOf(entry, milliseconds),
        optionTexts[name].sentence,
      ],
    }))
  const known = ({ name }) => Object.values(dialect.scopes).some((scope) => scope.has(name))
  const ownRows = Object.entries(ownOptions).map(([name, { scopes, otherwise, sentence }]) => ({
    name,
    cells: [scopes.join(", "), otherwise, "", sentence],
  }))
  const fromEnvironment = {
    token: "`AELYST_TOKEN`",
    baseUrl: `\`AELYST_BASE_URL\`, else ${code(optionTable.baseUrl.default)}`,
  }
  const tables = {
    core: () => table(head, optionRows(rowsOf(false))),
    node: () =>
      table(head, optionRows([...rowsOf(true).filter(known), ...ownRows], fromEnvironment)),
    cli: () =>
      table(
        ["Setting", "Flag", "Variable", "Default", "What it does"],
        keys.map((key) => {
          const { flag, variable, otherwise, otherwiseText, sentence } = settings[key]
          return [code(key), code(flag), code(variable), otherwiseText ?? code(otherwise), sentence]
        }),
      ),
  }

  for (const file of globSync("packages/*/README.md")) {
    for (const [name, make] of Object.entries(tables)) {
      const text = outputs.get(file) ?? readFileSync(file, "utf8")
      const block = [`options ${name}`, "scripts/option-tables.mjs", make()]
      const filledIn = filled(file, text, ...block)
      if (filledIn !== undefined) outputs.set(file, filledIn)
    }
  }
}
