import { describe, expect, it } from "vitest"

import { outbox } from "../src/index.ts"
import { postgres, postgresSchema } from "../src/postgres.ts"

describe("postgres", () => {
  it("refuses a missing query by name", () => {
    const given: object = {}
    // safe: the types forbid these options
    expect(() => postgres(given as never)).toThrow(
      expect.objectContaining({
        code: "ERR_AELYST_CONFIG",
        message: "`query` must be a function, such as (text, values) => pool.query(text, values)",
      }),
    )
  })

  it("is the store of an outbox in the place of a file", async () => {
    const store = postgres({ query: async () => [{ version: 1, count: "3" }] })
    expect(() => outbox({ store, file: "x.db" })).toThrow(/^`file` must not be given together/)
    const box = outbox({ store, log: () => {} })
    await expect(box.drain()).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_NO_CLIENT" })
    await box.close()
    await expect(box.stats()).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_CLOSED" })
  })

  it("has the statement that creates the tables, for migrations", () => {
    expect(postgresSchema).toMatch(/^DO \$\$/)
  })
})
