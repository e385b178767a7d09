/** Creates the commands of imports: `import`, `resume`, `runs`, `template` and `mapping`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Option from "effect/Option"

import { run } from "./CommandRunner.ts"
import * as Flags from "./Flags.ts"
import { importFlags, mappingCommandFlags } from "./ImportFlags.ts"

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
  ]),
)

/** The command `resume`. */
export const resume = Command.make(
  "resume",
  {
    run: runId.pipe(Argument.optional, Argument.map(Option.getOrUndefined)),
    allowChanged: importFlags.allowChanged,
    ndjson: importFlags.ndjson,
    showValues: importFlags.showValues,
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

const runsList = () =>
  run(
    () => import("./commands/Runs.ts"),
    (command, globals) => command.list(globals),
  )

/** The command `runs`. */
export const runs = Command.make("runs", {}, runsList).pipe(
  Command.withDescription("List, show and clean up the runs of imports"),
  Command.withSubcommands([
    Command.make("list", {}, runsList).pipe(Command.withDescription("List the runs")),
    Command.make("show", { run: runId }, (flags) =>
      run(
        () => import("./commands/Runs.ts"),
        (command, globals) => command.show(flags.run, globals),
      ),
    ).pipe(Command.withDescription("Show a run: file, options, counts and rows in doubt")),
    Command.make(
      "export",
      {
        run: runId,
        format: Flags.text("format", "name", "ndjson or csv [ndjson]"),
      },
      (flags) =>
        run(
          () => import("./commands/Runs.ts"),
          (command, globals) => command.exportRows(flags.run, flags.format, globals),
        ),
    ).pipe(
      Command.withDescription(
        "Print the outcome of each row, by its number; the journal has no contact data",
      ),
    ),
    Command.make("verify", { run: runId }, (flags) =>
      run(
        () => import("./commands/Runs.ts"),
        (command, globals) => command.verify(flags.run, globals),
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
    Command.make("rm", { run: runId }, (flags) =>
      run(
        () => import("./commands/RunsChange.ts"),
        (command, globals) => command.remove(flags.run, globals),
      ),
    ).pipe(Command.withDescription("Remove the journal of a run")),
    Command.make(
      "prune",
      { olderThan: Flags.text("older-than", "time", "Age, such as 30d [30d]") },
      (flags) =>
        run(
          () => import("./commands/RunsChange.ts"),
          (command, globals) => command.prune(flags.olderThan, globals),
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
