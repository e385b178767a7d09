/** Creates the commands about an outbox: `outbox stats|list|show|replay|drain|verify`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"

import { run } from "./CommandRunner.ts"
import * as Flags from "./Flags.ts"
import { storeFlags } from "./StoreFlags.ts"

const id = Argument.String("id").pipe(
  Argument.withDescription("The id of a contact, such as c_…; aelyst outbox list shows them"),
)

const stats = Command.make("stats", storeFlags, (flags) =>
  run(
    () => import("./commands/Outbox.ts"),
    (command) => command.stats(flags),
  ),
).pipe(
  Command.withDescription("Count the contacts by state"),
  Command.withExamples([{ command: "aelyst outbox stats --file data/outbox.db" }]),
)

const list = Command.make(
  "list",
  {
    ...storeFlags,
    state: Flags.text(
      "state",
      "name",
      "Only pending, created, existed, exists_after_doubt, rejected or parked",
    ),
    limit: Flags.text("limit", "n", "At most so many, the newest first [100]"),
  },
  (flags) =>
    run(
      () => import("./commands/Outbox.ts"),
      (command) => command.list(flags),
    ),
).pipe(
  Command.withDescription("List contacts, the newest first, without personal data"),
  Command.withExamples([
    { command: "aelyst outbox list --file data/outbox.db --state parked" },
    { command: "AELYST_STORE=postgres://… aelyst outbox list --json" },
  ]),
)

const show = Command.make(
  "show",
  {
    id,
    ...storeFlags,
    showValues: Flags.toggle(
      "show-values",
      "Show the contact, too: personal data, while it is pending or parked [AELYST_OUTBOX_KEY]",
    ),
  },
  (flags) =>
    run(
      () => import("./commands/Outbox.ts"),
      (command) => command.show(flags),
    ),
).pipe(Command.withDescription("Show one contact, without personal data"))

const replay = Command.make(
  "replay",
  {
    id: id.pipe(Argument.variadic()),
    ...storeFlags,
    all: Flags.toggle("all", "Every parked contact"),
  },
  (flags) =>
    run(
      () => import("./commands/OutboxReplay.ts"),
      (command, globals) => command.run(flags, globals),
    ),
).pipe(
  Command.withDescription("Send parked contacts again; check first that they do not exist"),
  Command.withExamples([
    { command: "aelyst outbox replay c_8mTnVq0xR3yWb1KfZs5LdA --file data/outbox.db" },
  ]),
)

const drain = Command.make(
  "drain",
  {
    ...storeFlags,
    concurrency: Flags.text("concurrency", "n", "Contacts to send at a time, 1 to 1000 [16]"),
    stopAfter: Flags.text("stop-after", "time", "Stop after this time, such as 10m"),
  },
  (flags) =>
    run(
      () => import("./commands/OutboxDrain.ts"),
      (command, globals) => command.run(flags, globals),
    ),
).pipe(
  Command.withDescription(
    "Create the pending contacts, until none is left (--delivery: natural-key)",
  ),
  Command.withExamples([
    { command: "aelyst outbox drain --file data/outbox.db" },
    { command: "aelyst outbox drain --store-file /run/secrets/outbox-url --stop-after 10m" },
  ]),
)

const verify = Command.make("verify", storeFlags, (flags) =>
  run(
    () => import("./commands/Outbox.ts"),
    (command) => command.verify(flags),
  ),
).pipe(Command.withDescription("Check that the outbox is intact"))

/** The command `outbox`. */
export const outbox = Command.make("outbox").pipe(
  Command.withDescription("Look after an outbox of @aelyst/outbox: count, list, send again, drain"),
  Command.withSubcommands([stats, list, show, replay, drain, verify]),
)
