/** Creates the commands of imports: `import`, `resume`, `runs`, `worker`, `template` and `mapping`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Option from "effect/Option"

import { run } from "./CommandRunner.ts"
import * as Flags from "./Flags.ts"
import { importFlags, mappingCommandFlags } from "./ImportFlags.ts"
import type { DatabaseFlags } from "./StoreFlags.ts"
import { databaseFlags } from "./StoreFlags.ts"

const file = Argument.String("file").pipe(
  Argument.withDescription("A file: CSV, TSV, xlsx, NDJSON or JSON; - for standard input"),
)

const runId = Argument.String("run").pipe(
  Argument.withDescription("The run, such as r_7Q2F; aelyst runs lists them"),
)

/** The command `import`. */
export const importCommand = Command.make("import", { file, ...importFlags }, (flags) =>
  run(
    () => import("./commands/Import.ts"),
    (command, globals) => command.run(flags, globals),
  ),
).pipe(
  Command.withDescription(
    "Create the contacts of a file; run again, it skips those that exist (--delivery: natural-key)",
  ),
  Command.withExamples([
    { command: "aelyst import contacts.csv --check" },
    { command: "aelyst import contacts.csv --default-country MY --map 'phone=Mobile|Home'" },
    { command: "cat contacts.ndjson | aelyst import - --yes --ndjson > results.ndjson" },
    { command: "aelyst import big.csv --store-file /run/secrets/store-url --follow" },
  ]),
)

/** The command `worker`. */
export const worker = Command.make(
  "worker",
  {
    ...databaseFlags,
    ranges: Flags.text("ranges", "n", "Ranges of 200 rows to send at a time [2]"),
    concurrency: Flags.text("concurrency", "n", "Most requests in flight for each range [32]"),
    untilIdle: Flags.toggle("until-idle", "End when no import is left"),
  },
  (flags) =>
    run(
      () => import("./commands/Worker.ts"),
      (command, globals) => command.run(flags, globals),
    ),
).pipe(
  Command.withDescription("Send the imports of a Postgres database, together with other machines"),
  Command.withExamples([{ command: "aelyst worker --store-file /run/secrets/store-url" }]),
)

/** The command `resume`. */
export const resume = Command.make(
  "resume",
  {
    run: runId.pipe(Argument.optional, Argument.map(Option.getOrUndefined)),
    set: Flags.repeated("set", "field=value", "The values of --set again: no journal keeps them"),
    allowChanged: importFlags.allowChanged,
    ndjson: importFlags.ndjson,
    showValues: importFlags.showValues,
    ...databaseFlags,
  },
  (flags) =>
    run(
      () => import("./commands/Import.ts"),
      (command, globals) => command.resume(flags, globals),
    ),
).pipe(
  Command.withDescription("Continue the newest unfinished run, or the one given, with its options"),
  Command.withExamples([{ command: "aelyst resume" }, { command: "aelyst resume r_7Q2F --yes" }]),
)

const runsList = (flags: DatabaseFlags) =>
  run(
    () => import("./commands/Runs.ts"),
    (command) => command.list(flags),
  )

/** Creates a command that changes the step of an import that several machines send. */
const step = (name: "pause" | "continue" | "cancel", description: string, more = {}) =>
  Command.make(name, { run: runId, ...databaseFlags, ...more }, (flags) =>
    run(
      () => import("./commands/SharedRuns.ts"),
      (command, globals) => command.change(name, flags, globals),
    ),
  ).pipe(Command.withDescription(description))

/** The command `runs`. */
export const runs = Command.make("runs", {}, () =>
  runsList({ store: undefined, storeFile: undefined }),
).pipe(
  Command.withDescription("List, show and clean up the runs of imports"),
  Command.withSubcommands([
    Command.make("list", databaseFlags, runsList).pipe(
      Command.withDescription("List the runs of this machine, and those of a database"),
    ),
    Command.make("show", { run: runId, ...databaseFlags }, (flags) =>
      run(
        () => import("./commands/Runs.ts"),
        (command) => command.show(flags.run, flags),
      ),
    ).pipe(Command.withDescription("Show a run: file, options, counts and rows in doubt")),
    step("pause", "Pause an import of a database; requests in flight end"),
    step("continue", "Continue a paused import, and try its parked rows again", {
      allowChanged: Flags.toggle("allow-changed", "Send it with this token, of the same account"),
    }),
    step("cancel", "End an import of a database as it is, and erase the rows that are left"),
    Command.make(
      "export",
      {
        run: runId,
        ...databaseFlags,
        format: Flags.text("format", "name", "ndjson or csv [ndjson]"),
      },
      (flags) =>
        run(
          () => import("./commands/Runs.ts"),
          (command) => command.exportRows(flags.run, flags.format, flags),
        ),
    ).pipe(
      Command.withDescription(
        "Print the outcome of each row, by its number; the journal has no contact data",
      ),
    ),
    Command.make("verify", { run: runId, ...databaseFlags }, (flags) =>
      run(
        () => import("./commands/Runs.ts"),
        (command) => command.verify(flags.run, flags),
      ),
    ).pipe(
      Command.withDescription(
        "Check that the journal is intact and its states follow from its attempts",
      ),
    ),
    Command.make(
      "resolve",
      {
        run: runId,
        row: Flags.repeated("row", "n", "Number of a row in doubt, or all"),
        as: Flags.text("as", "outcome", "created, rejected, or send-again"),
        ...databaseFlags,
      },
      (flags) =>
        run(
          () => import("./commands/RunsChange.ts"),
          (command, globals) => command.resolve(flags, globals),
        ),
    ).pipe(
      Command.withDescription("Record the outcome of rows in doubt, after you have checked them"),
      Command.withExamples([{ command: "aelyst runs resolve r_7Q2F --row 17 --as created" }]),
    ),
    Command.make("rm", { run: runId, ...databaseFlags }, (flags) =>
      run(
        () => import("./commands/RunsChange.ts"),
        (command, globals) => command.remove(flags.run, flags, globals),
      ),
    ).pipe(Command.withDescription("Remove the journal of a run")),
    Command.make(
      "prune",
      { olderThan: Flags.text("older-than", "time", "Age, such as 30d [30d]"), ...databaseFlags },
      (flags) =>
        run(
          () => import("./commands/RunsChange.ts"),
          (command) => command.prune(flags.olderThan, flags),
        ),
    ).pipe(Command.withDescription("Remove the journals of finished runs that are old")),
  ]),
)

/** The command `template`. */
export const template = Command.make(
  "template",
  {
    format: Flags.text("format", "name", "csv or ndjson [csv]"),
    preset: Flags.text("preset", "name", "Headers of hubspot, google or outlook"),
  },
  (flags) =>
    run(
      () => import("./commands/Template.ts"),
      (command) => command.run(flags),
    ),
).pipe(
  Command.withDescription("Print an example of a file to import"),
  Command.withExamples([{ command: "aelyst template > contacts.csv" }]),
)

/** The command `mapping`. */
export const mapping = Command.make("mapping", { file, ...mappingCommandFlags }, (flags) =>
  run(
    () => import("./commands/Mapping.ts"),
    (command, globals) => command.run(flags, globals),
  ),
).pipe(
  Command.withDescription(
    "Show how a file is read and which column fills which field; checks no row",
  ),
  Command.withExamples([
    { command: "aelyst mapping contacts.csv" },
    { command: "aelyst mapping contacts.csv --map 'phone=Mobile' --save-map map.json" },
  ]),
)
