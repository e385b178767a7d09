/** Holds which pages show an example in several forms, as tabs, and which show one form. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

import { documents } from "../../docs-test/src/Documents.ts"
import { root } from "../src/assemble.ts"
import { tabsOf } from "../src/Tabs.ts"

/** The tabs of each page, a line for each group. */
const tabbed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "README.md": ["Command, Node.js, Effect, Express"],
  "docs/a-form-that-never-loses-a-contact.md": ["Node.js, Command"],
  "docs/concepts/delivery.md": ["Node.js, Effect, Command"],
  "docs/concepts/outcome.md": ["Node.js, Effect, Command"],
  "docs/effect.md": Array.from({ length: 11 }, () => "AelystClient, HttpClient"),
  "docs/guides/choose-a-package.md": ["Command, Node.js, Express, Effect"],
  "docs/guides/clean-phone-numbers.md": ["Command, Node.js, Effect"],
  "docs/guides/rate-limited.md": ["Node.js, Effect, Command"],
  "docs/guides/resume-and-retries.md": ["Node.js, Effect"],
  "docs/guides/start.md": ["Command, Node.js, Effect, curl", "Command, Node.js, Effect"],
  "docs/guides/token-on-the-server.md": ["Node.js, Effect, Command"],
  "docs/import-a-csv.md": ["Node.js, Effect"],
  "docs/rate-limits.md": ["Command, Node.js, Effect"],
  "docs/several-machines.md": ["BullMQ, pg-boss"],
  "docs/several-processes.md": ["node-redis, ioredis, Effect"],
  "docs/testing.md": ["Node.js, Effect, Command", "node:test, Vitest, Jest"],
  "docs/wire.md": ["curl, Command, Node.js"],
  "packages/node/README.md": ["ES module, CommonJS"],
  "packages/redis/README.md": ["Node.js, Effect"],
  "packages/sandbox/README.md": ["Command, Node.js"],
}

/** The pages whose blocks have one form, and the reason. */
const single: Readonly<Record<string, string>> = {
  "docs/guides/ci.md": "a job runs the command",
  "docs/guides/form-with-express.md": "a page about Express",
  "docs/migrating-from-fetch.md": "two programs to compare, next to each other",
  "docs/migrating-from-respond-io.md": "two programs to compare, next to each other",
  "packages/cli/README.md": "the command only",
  "packages/core/README.md": "Effect only",
  "packages/express/README.md": "Express only",
  "packages/import/README.md": "a section for Promises, and one for Effect",
  "packages/journal/README.md": "Effect; one entry for Promises, which has its own section",
  "packages/outbox/README.md": "Promises only",
  "packages/workflow/README.md": "Effect only",
}

/** The code that a tab must have, by its name. */
const marks: Readonly<Record<string, RegExp>> = {
  Command: /\baelyst\b|@aelyst\/(?:cli|sandbox)/,
  "Node.js": /from "@aelyst\/(?:node|outbox|import|sandbox|redis)"/,
  Effect: /from "effect"/,
  Express: /from "express"/,
  curl: /^curl /m,
}

const textOf = (file: string) => readFileSync(join(root, file), "utf8")

describe("a page with code that runs", () => {
  it("has the tabs that are expected of it, or one form for a reason", () => {
    const found = documents(root).flatMap((file) => {
      const groups = tabsOf(textOf(file)).map((tabs) => tabs.map(({ name }) => name).join(", "))
      return groups.length > 0 ? [[file, groups] as const] : []
    })
    expect(Object.fromEntries(found)).toStrictEqual(tabbed)
    const known = [...Object.keys(tabbed), ...Object.keys(single)].toSorted()
    expect(documents(root)).toStrictEqual(known)
  })

  it("shows in each tab what its name says, as a block that runs", () => {
    const wrong = Object.keys(tabbed).flatMap((file) =>
      tabsOf(textOf(file))
        .flat()
        .filter(({ name, content }) => {
          const isRun = /^```(?:ts|sh|js)/m.test(content)
          return !isRun || marks[name]?.test(content) === false
        })
        .map(({ name }) => `${file}: ${name}`),
    )
    expect(wrong).toStrictEqual([])
  })
})
