import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import { exitTable } from "../src/ExitCode.ts"
import { manPage } from "../src/ManPage.ts"
import { keys, settings } from "../src/SettingTable.ts"

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")

describe("the man page", () => {
  it("U36 is the one in the package: npm run pnpm -- docs:write", async () => {
    const { man, files } = JSON.parse(read("../package.json"))
    assert.strictEqual(man, "./man/aelyst.1")
    assert.include(files, "man")
    assert.strictEqual(read("../man/aelyst.1"), await manPage())
  })

  it("U36 has every command, exit code and variable of a setting", async () => {
    const page = (await manPage()).replaceAll("\\-", "-")
    for (const command of ["create", "auth login", "config set", "doctor", "errors", "sandbox"]) {
      assert.include(page, `.SS aelyst ${command}`)
    }
    for (const { code } of Object.values(exitTable)) assert.include(page, `\\fB${code}\\fR`)
    for (const key of keys) assert.include(page, settings[key].variable)
  })

  it("has no line that roff would act on by mistake", async () => {
    const requests = (await manPage()).split("\n").filter((line) => /^['.]/.test(line))
    for (const line of requests) assert.match(line, /^\.(?:TH|SH|SS|TP|PP|nf|fi)\b/)
  })
})
