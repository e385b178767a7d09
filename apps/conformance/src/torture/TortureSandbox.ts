/**
 * The server of the kills: a sandbox in another process, so that its ledger outlives every import that is killed. Its
 * messages say when a request arrives; asked for it, it sends the ledger, or forgets all contacts.
 */
import type { LedgerEntry, SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

import { input } from "../network/Child.ts"

/** Its questions. */
export type Question = "ledger" | "reset"

/** Its messages: its URL, once; then each request, and the replies. */
export type Message =
  | { readonly type: "started"; readonly baseUrl: string }
  | { readonly type: "request" }
  | { readonly type: "reset" }
  | { readonly type: "ledger"; readonly ledger: ReadonlyArray<LedgerEntry> }

const send = (message: Message): void => {
  process.send?.(message)
}

const sandbox = await Sandbox.start(input<SandboxOptions>())
process.on("disconnect", () => process.exit())
process.on("message", (question: Question) => {
  if (question === "ledger") return send({ type: "ledger", ledger: sandbox.ledger() })
  sandbox.reset()
  send({ type: "reset" })
})
sandbox.subscribe(({ type }) => {
  if (type === "request") send({ type: "request" })
})
send({ type: "started", baseUrl: sandbox.baseUrl })
