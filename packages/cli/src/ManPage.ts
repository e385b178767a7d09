/**
 * Renders the man page from the commands themselves. `scripts/docs.mjs` writes it; a test checks that it is current. The
 * documentation's pages of commands are made of the same parts.
 */
import { Flags as SandboxFlags } from "@aelyst/sandbox/command"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

import { exitTable } from "./ExitCode.ts"
import type { HelpDoc } from "./Help.ts"
import { docsLink, flagNames, usageOf } from "./Help.ts"
import { program } from "./Program.ts"
import { keys, settings } from "./SettingTable.ts"

/** Escapes what roff would act on. */
const roff = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^[.']/gm, "\\&$&")
    .replaceAll("`", "")

const item = (head: string, body: string): string => `.TP\n\\fB${roff(head)}\\fR\n${roff(body)}`

const section = (heading: string, ...lines: ReadonlyArray<string>): string =>
  [`.SH ${heading}`, ...lines].join("\n")

/** Returns what the help of a command is made of. */
export const docOf = async (path: ReadonlyArray<string>): Promise<HelpDoc | undefined> => {
  let doc: HelpDoc | undefined
  const presenter: CliOutput.Presenter = {
    present: (event) =>
      Effect.sync(() => {
        if (event._tag === "Help") doc = event.helpDoc
      }),
  }
  const shown = Command.runWith(program, { version: "" })([...path, "--help"]).pipe(
    Effect.provide(Layer.mergeAll(CliOutput.layerPresenter(presenter))),
  )
  // safe: the help of a command runs nothing that needs a service
  await Effect.runPromise(Effect.ignore(shown as Effect.Effect<void>))
  return doc
}

/** Lists the names of every command with its parents, without those of the sandbox. */
export const pathsOf = (
  command: Command.Command.Any = program,
  path: ReadonlyArray<string> = [],
): ReadonlyArray<ReadonlyArray<string>> =>
  command.subcommands
    .flatMap(({ commands }) => commands)
    .filter(({ unlisted, name }) => !unlisted && name !== "sandbox")
    .flatMap((child) => {
      const own = [...path, child.name]
      return [own, ...pathsOf(child, own)]
    })

const flagItems = (flags: HelpDoc["flags"]): ReadonlyArray<string> =>
  flags.map((flag) =>
    item(
      `${flagNames(flag)}${flag.type === "boolean" ? "" : ` ${flag.type}`}`,
      Option.getOrElse(flag.description, () => ""),
    ),
  )

const commandSection = (doc: HelpDoc): string =>
  [
    `.SS ${roff(usageOf(doc))}`,
    `${roff(doc.description)}.`,
    ...(doc.args ?? []).map(({ name, description }) =>
      item(
        name,
        Option.getOrElse(description, () => ""),
      ),
    ),
    ...flagItems(doc.flags),
  ].join("\n")

const sandboxSection = (): string =>
  [
    `.SS ${roff("aelyst sandbox <command> [flags]")}`,
    "Run the API on this machine.",
    ...Object.entries<SandboxFlags.VerbEntry>(SandboxFlags.verbs).map(([name, { text }]) =>
      item(name, text),
    ),
    ...Object.entries<SandboxFlags.FlagEntry>(SandboxFlags.flags).map(
      ([name, { metavar, text, choices = [], verbs }]) =>
        item(
          `--${name}${metavar === undefined ? "" : ` ${metavar}`}`,
          `${text}${choices.join(", ")} (${verbs.join(", ")})`,
        ),
    ),
  ].join("\n")

/** Lists the variables that are no settings. */
export const variables: ReadonlyArray<readonly [name: string, text: string]> = [
  ["AELYST_TOKEN", "The token; wins over a saved one"],
  ["AELYST_PROFILE", "The profile whose settings are used"],
  ["AELYST_CONFIG", "The path of config.json"],
  ["AELYST_STATE_DIR", "The directory of the state"],
  ["AELYST_NO_INPUT, CI", "Never ask"],
  ["AELYST_LOG", "info reports each attempt, as --verbose does"],
  ["AELYST_STORE", "The URL of the Postgres database of an outbox, or of imports"],
  ["AELYST_STORE_KEY", "The keys that encrypt the contacts of imports in the database"],
  ["AELYST_OUTBOX_KEY", "The keys of an outbox that encrypts, as the app has them"],
  ["HTTPS_PROXY, NO_PROXY", "The proxy for https, and the hosts that do not use it"],
  ["NODE_EXTRA_CA_CERTS", "A file of certificates to trust"],
  ["NO_COLOR, FORCE_COLOR", "Write without colours, or with them"],
]

/** Lists the files that the command reads and writes. */
export const files: ReadonlyArray<readonly [path: string, text: string]> = [
  ["~/.config/aelyst/config.json", "Profiles and their settings"],
  ["~/.config/aelyst/credentials.json", "Saved tokens; only you can read it"],
  ["./aelyst.config.json", "The project's custom fields and default country"],
]

/** Returns the man page of the command, as roff. */
export const manPage = async (): Promise<string> => {
  const root = await docOf([])
  const docs = await Promise.all(pathsOf().map(docOf))
  const description = roff(root?.description ?? "")
  return [
    `.TH AELYST 1 "" "aelyst" "User Commands"`,
    section("NAME", `aelyst \\- ${description}`),
    section("SYNOPSIS", roff(root === undefined ? "" : usageOf(root))),
    section(
      "COMMANDS",
      ...docs.flatMap((doc) => (doc === undefined ? [] : [commandSection(doc)])),
      sandboxSection(),
    ),
    section("FLAGS OF EVERY COMMAND", ...flagItems(root?.flags ?? [])),
    section(
      "EXIT CODES",
      ...Object.values(exitTable).map(({ code, meaning }) => item(String(code), meaning)),
    ),
    section(
      "ENVIRONMENT",
      ...keys.map((key) => item(settings[key].variable, settings[key].sentence)),
      ...variables.map(([name, text]) => item(name, text)),
    ),
    section("FILES", ...files.map(([path, text]) => item(path, text))),
    section(
      "EXAMPLES",
      ...[root, ...docs].flatMap((doc) =>
        (doc?.examples ?? []).map(({ command }) => `.PP\n.nf\n${roff(command)}\n.fi`),
      ),
    ),
    section("SEE ALSO", roff(docsLink)),
    "",
  ].join("\n")
}
