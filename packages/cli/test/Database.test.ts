import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { connect } from "../src/outbox/Database.ts"
import { parse } from "../src/outbox/DatabaseUrl.ts"
import { Home, aelyst } from "./process.ts"

// prints the chunks that the command loads
const traced = `--import=data:text/javascript,${encodeURIComponent(`
import { registerHooks } from "node:module"
import { writeSync } from "node:fs"
registerHooks({
  load: (url, context, next) => {
    if (url.includes("/dist/")) writeSync(2, "loads " + url.split("/").at(-1) + "\\n")
    return next(url, context)
  },
})`)}`

/** Returns the chunks that the packed command loads, without their hashes. */
const loadedBy = async (args: ReadonlyArray<string>, AELYST_STORE = ""): Promise<string> => {
  using home = new Home()
  const env = { HOME: home.path, NODE_OPTIONS: traced, AELYST_TOKEN: "sandbox_ok", AELYST_STORE }
  const { stderr } = await aelyst(args, { cwd: home.path, env })
  const chunks = [...stderr.matchAll(/^loads (.*?)(?:-[\w-]{8})?\.js$/gm)]
  return chunks.map(([, name = ""]) => name).join(" ")
}

const driver = /database/

describe.concurrent("the driver of the database", () => {
  it("is loaded for a database, and by no other command", async () => {
    const create = ["create", "id:5", "--first-name", "Ana", "--retries", "0"]
    const target = ["--base-url", `http://127.0.0.1:${await Ports.own()}/v1`]
    for (const args of [
      ["--version"],
      ["--help"],
      ["outbox", "drain", "--help"],
      [...create, ...target],
      ["outbox", "stats", "--file", join("none", "outbox.db")],
    ]) {
      const chunks = await loadedBy(args)
      assert.include(chunks, "bin", args.join(" "))
      assert.notMatch(chunks, driver, args.join(" "))
    }
    const outboxOf = `postgres://ana@127.0.0.1:${await Ports.own()}/app`
    assert.match(await loadedBy(["outbox", "stats"], outboxOf), driver)
  })
})

describe("connect", () => {
  it("rejects with words that do not hold the URL", async () => {
    const text = `postgres://ana:canary@127.0.0.1:${await Ports.own()}/app`
    const url = Result.getOrThrow(parse(text, "AELYST_STORE", {}))
    const problem: unknown = await connect(url).catch((error: unknown) => error)
    assert.nestedPropertyVal(problem, "_tag", "DatabaseProblem")
    assert.include(JSON.stringify(problem), "ECONNREFUSED")
    assert.notMatch(JSON.stringify(problem), /canary|ana/)
  })
})
