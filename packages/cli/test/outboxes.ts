/** Outboxes with contacts for the tests of `aelyst outbox`, one sandbox, and the command in the process of the test. */
import { join } from "node:path"

import { Aelyst } from "@aelyst/node"
import type { OutboxOptions } from "@aelyst/outbox"
import { outbox } from "@aelyst/outbox"

import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { importing } from "./importing.ts"

type StoreOptions = Pick<OutboxOptions, "delivery" | "encryptionKeys" | "file" | "store">

/** Accepts contacts while the API is down; returns their ids. */
export const accept = async (
  options: StoreOptions,
  emails: ReadonlyArray<string>,
): Promise<ReadonlyArray<string>> => {
  const baseUrl = `http://127.0.0.1:${await Ports.own()}/v1`
  const client = new Aelyst({ baseUrl, token: "sandbox_ok" })
  const box = outbox({ ...options, client, log: () => {} })
  const ids: Array<string> = []
  for (const email of emails) {
    const contact = { firstName: "Zebedee" }
    ids.push((await box.accept({ identifier: `email:${email}`, contact })).id)
  }
  await box.close({ timeoutMs: 0 })
  await client.close()
  return ids
}

/** Sends what is in an outbox until nothing is pending; a lost response parks its contact. */
export const drainAtMostOnce = async (
  options: StoreOptions,
  { baseUrl, token }: { readonly baseUrl: string; readonly token: string },
): Promise<void> => {
  await using client = new Aelyst({ baseUrl, token })
  await using box = outbox({ ...options, client, delivery: "at-most-once" })
  await box.drain()
}

/** Starts a sandbox, and makes an outbox in a file with these contacts. */
export const withOutbox = async (
  emails: ReadonlyArray<string>,
  options: Omit<StoreOptions, "file" | "store"> = {},
) => {
  const test = await importing()
  const file = join(test.home.path, "outbox.db")
  const ids = await accept({ file, ...options }, emails)
  return {
    ...test,
    file,
    ids,
    /** Runs `aelyst outbox` on the file. */
    outbox: (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
      test.run(["outbox", ...args, "--file", "outbox.db"], { env }),
    /** Has the contacts sent, so that lost responses park theirs. */
    park: () =>
      drainAtMostOnce(
        { file, ...options },
        { baseUrl: test.sandbox.baseUrl, token: test.sandbox.tokens.ok },
      ),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  }
}
