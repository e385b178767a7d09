import { createServer } from "node:net"

import { PostgresRuns } from "@aelyst/journal/postgres"
import { Database, ImportWorkflow } from "@aelyst/workflow"
import { Cause, Effect, Exit, Layer, Option, Redacted } from "effect"

// a server that is no Postgres: no database is needed to see that all parts fit together
const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1")
await new Promise((resolve) => server.once("listening", resolve))
const url = Redacted.make(`postgres://ana:secret@127.0.0.1:${server.address().port}/app`)

const live = ImportWorkflow.layer.pipe(
  Layer.provide(PostgresRuns.layer()),
  Layer.provide(Database.layer({ url })),
)
const program = Effect.flatMap(ImportWorkflow, ({ approve }) => approve("r_NONE"))
const exit = await Effect.runPromiseExit(Effect.provide(program, live))
server.close()
if (Exit.isSuccess(exit)) throw new Error("approved without a database")
const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
if (!["SqlError", "JournalError"].includes(error?._tag)) throw new Error(Cause.pretty(exit.cause))
if (Cause.pretty(exit.cause).includes("secret")) throw new Error("the error shows the password")
