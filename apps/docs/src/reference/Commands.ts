/** Creates the pages of the command from its own tree and tables: each command, the settings and the exit codes. */
import { Flags as SandboxFlags } from "@aelyst/sandbox/command"
import * as Option from "effect/Option"

import { allCodes } from "../../../../packages/cli/src/ErrorCode.ts"
import { exitTable } from "../../../../packages/cli/src/ExitCode.ts"
import type { HelpDoc } from "../../../../packages/cli/src/Help.ts"
import { commandsOf, flagNames, usageOf } from "../../../../packages/cli/src/Help.ts"
import { docOf, files, pathsOf, variables } from "../../../../packages/cli/src/ManPage.ts"
import { keys, settings } from "../../../../packages/cli/src/SettingTable.ts"
import type { Page } from "../Page.ts"
import { pageOf } from "../Page.ts"
import { block, code, paragraphs, table } from "./Markdown.ts"

const source = "packages/cli/src/Program.ts"
const base = "reference/command"

const words = (description: Option.Option<string>) => Option.getOrElse(description, () => "")

const flagTable = (flags: HelpDoc["flags"]): string =>
  table(
    ["Flag", "What it does"],
    flags.map((flag) => [
      code(`${flagNames(flag)}${flag.type === "boolean" ? "" : ` ${flag.type}`}`),
      words(flag.description),
    ]),
  )

/** Returns the address of a command's page. */
const addressOf = (path: ReadonlyArray<string>): string => [base, ...path].join("/")

/** Returns a link to the page of a command. */
const linkTo = (path: ReadonlyArray<string>): string =>
  `[${code(["aelyst", ...path].join(" "))}](site:${addressOf(path)})`

const below = (heading: string, content: string): string =>
  content === "" ? "" : `## ${heading}\n\n${content}`

const examplesOf = (doc: HelpDoc): string =>
  (doc.examples ?? []).length === 0
    ? ""
    : block("console", (doc.examples ?? []).map(({ command }) => `$ ${command}`).join("\n"))

const commandPage = (path: ReadonlyArray<string>, doc: HelpDoc): Page => {
  const own = path.length === 0 ? [...doc.flags, ...(doc.globalFlags ?? [])] : doc.flags
  const children = commandsOf(doc).filter(({ name }) => path.length > 0 || name !== "sandbox")
  return pageOf(
    source,
    paragraphs(
      `# ${["aelyst", ...path].join(" ")}`,
      `${doc.description}.`,
      block("text", usageOf(doc)),
      below("Examples", examplesOf(doc)),
      below(
        "Arguments",
        table(
          ["Argument", "Meaning"],
          (doc.args ?? []).map(({ name, description }) => [code(name), words(description)]),
        ),
      ),
      below("Flags", flagTable(own)),
      below(
        "Commands",
        table(
          ["Command", "What it does"],
          [
            ...children.map(({ name, description }) => [linkTo([...path, name]), description]),
            ...(path.length === 0 ? [[linkTo(["sandbox"]), "Run the API on this machine"]] : []),
          ],
        ),
      ),
      path.length === 0 ? "" : `[Flags of every command](site:${base})`,
    ),
    addressOf(path),
  )
}

const sandboxPage = (): Page =>
  pageOf(
    "packages/sandbox/src/cli/Flags.ts",
    paragraphs(
      "# aelyst sandbox",
      "Runs the API on this machine; nothing leaves it. `npx @aelyst/sandbox` has the same commands.",
      block("text", "aelyst sandbox <command> [flags]"),
      below(
        "Commands",
        table(
          ["Command", "What it does", "Example"],
          Object.entries<SandboxFlags.VerbEntry>(SandboxFlags.verbs).map(
            ([name, { operands, text, example }]) => [
              code(`${name}${operands}`),
              text,
              code(`aelyst sandbox ${example}`),
            ],
          ),
        ),
      ),
      below(
        "Flags",
        table(
          ["Flag", "What it does", "Commands"],
          Object.entries<SandboxFlags.FlagEntry>(SandboxFlags.flags).map(
            ([name, { metavar, text, choices = [], verbs }]) => [
              code(`--${name}${metavar === undefined ? "" : ` ${metavar}`}`),
              `${text}${choices.map(code).join(", ")}`,
              verbs.join(", "),
            ],
          ),
        ),
      ),
    ),
    addressOf(["sandbox"]),
  )

const settingsPage = (): Page =>
  pageOf(
    "packages/cli/src/SettingTable.ts",
    paragraphs(
      "# Settings of the command",
      "The places a setting can come from, in the order in which they win: the flag, the variable, `./aelyst.config.json`, the profile, the default. `aelyst config list --show-origin` shows which one won.",
      table(
        ["Setting", "Flag", "Variable", "Default", "What it does"],
        keys.map((key) => {
          const { flag, variable, otherwise, otherwiseText, sentence } = settings[key]
          return [code(key), code(flag), code(variable), otherwiseText ?? code(otherwise), sentence]
        }),
      ),
      "## Other variables",
      table(
        ["Variable", "What it does"],
        variables.map(([name, text]) => [name.split(", ").map(code).join(", "), text]),
      ),
      "## Files",
      table(
        ["File", "What it holds"],
        files.map(([path, text]) => [code(path), text]),
      ),
    ),
    "reference/settings",
  )

const exitCodesPage = (): Page =>
  pageOf(
    "packages/cli/src/ExitCode.ts",
    paragraphs(
      "# Exit codes",
      "The exit codes of `aelyst` are a public contract. Errors go to stderr and end with a code in square brackets; each has a page.",
      table(
        ["Exit code", "Meaning", "Is it useful to run it again?"],
        Object.values(exitTable).map(({ code: number, meaning, retry }) => [
          String(number),
          meaning,
          retry,
        ]),
      ),
      "## Codes of errors by exit code",
      table(
        ["Exit code", "Codes"],
        Object.entries(exitTable).flatMap(([name, { code: number }]) => {
          const codes = [...allCodes].filter(([, { exit }]) => exit === name)
          return codes.length === 0
            ? []
            : [
                [
                  String(number),
                  codes
                    .map(([one]) => `[${code(one)}](site:errors/${one.toLowerCase()})`)
                    .join(", "),
                ],
              ]
        }),
      ),
    ),
    "reference/exit-codes",
  )

/** Returns the pages of the command: itself first, then each of its commands. */
export const commandPages = async (): Promise<ReadonlyArray<Page>> => {
  const pages: Array<Page> = []
  for (const path of [[], ...pathsOf()]) {
    const doc = await docOf(path)
    if (doc === undefined) throw new Error(`no help of aelyst ${path.join(" ")}`)
    pages.push(commandPage(path, doc))
  }
  return [...pages, sandboxPage()]
}

/** Returns the pages of the tables that belong to the whole command. */
export const tablePages = (): ReadonlyArray<Page> => [settingsPage(), exitCodesPage()]
