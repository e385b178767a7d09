/** Accepts contacts on a disk that may fail, each again until it is accepted, and says what it was told. */
import { Aelyst } from "@aelyst/node"
import { writeSync } from "node:fs"

import { OutboxError, outbox } from "../../src/index.ts"

const [file = "", count = "5"] = process.argv.slice(2)
const client = new Aelyst({ baseUrl: "http://127.0.0.1:9", token: "sandbox_ok" })
const box = outbox({ client, file, log: () => {} })
for (let number = 1; number <= Number(count); number++) {
  const key = `id:${number}` as const
  for (let tries = 0; tries < 5; tries++) {
    const submission = { identifier: key, contact: { firstName: "Ana" } }
    const said = await box.accept(submission, { idempotencyKey: key }).then(
      ({ id, repeated }) => `ACCEPTED ${number} ${id} ${repeated}`,
      (error: unknown) =>
        error instanceof OutboxError ? `FAILED ${number} ${error.code} ${error.detail}` : "BROKEN",
    )
    writeSync(1, `${said}\n`)
    if (said.startsWith("ACCEPTED")) break
  }
}
await box.close({ timeoutMs: 0 })
await client.close()
