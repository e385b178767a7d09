import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"

import { submitOneKey } from "../src/outbox/OneKey.ts"

it("G7: creates one contact of 100 parallel submissions with one idempotency key to 4 processes", async () => {
  const directory = mkdtempSync(join(tmpdir(), "aelyst-outbox-"))
  try {
    expect(await submitOneKey(100, { file: join(directory, "outbox.db") })).toMatchObject({
      replies: 100,
      accepted: 1,
      rejected: [],
      ledger: [{ key: "id:once", posts: 1, created: 1 }],
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
