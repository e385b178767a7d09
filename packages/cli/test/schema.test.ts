import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"

import { optionTable } from "@aelyst/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { settings, keys } from "../src/SettingTable.ts"
import { bin } from "./process.ts"

interface Schema {
  readonly $id?: string
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly type?: string
  readonly pattern?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<Schema>
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
}

// as it is published
const read = (name: string): Schema =>
  JSON.parse(readFileSync(join(dirname(bin), "schema", `${name}.json`), "utf8"))

/** Returns whether a text fulfils the schema of a setting. */
const takes = ({ type, pattern, enum: members, anyOf }: Schema, text: string): boolean =>
  anyOf?.some((one) => takes(one, text)) ??
  members?.includes(text) ??
  (type === "string" && pattern !== undefined && new RegExp(pattern, "u").test(text))

const samples = [
  ..."https://api.aelyst.ai/v1 http://localhost:4242/v1 ftp://x/v1 https://me@x/v1 x".split(" "),
  ..."0 15s 1.5s 500ms 5m 1h 5 -1s 2S 3 100 101 1.5 5/s 0.5/s MY my MYS at-most-once".split(" "),
  ..."natural-key never".split(" "),
]
// a pattern cannot say that 0 is too little
const tooLittle = new Set(["timeout 0", "deadline 0", "rate 0"])

describe("the schema of config.json", () => {
  const profile = read("config").properties?.["profiles"]?.additionalProperties?.properties ?? {}

  it("knows the settings and the token, and nothing else", () => {
    assert.sameMembers(Object.keys(profile), [...keys, "token"])
  })

  it("describes each setting as the help does", () => {
    for (const key of keys) {
      const { sentence, otherwise, otherwiseText } = settings[key]
      const description = `${sentence.replaceAll("`", "")}. Default: ${otherwiseText ?? otherwise}`
      assert.strictEqual(profile[key]?.description, description)
    }
  })

  it("has the range of retries as a number", () => {
    const [asNumber] = profile["retries"]?.anyOf ?? []
    const { least, most } = optionTable.retries
    assert.deepStrictEqual([asNumber?.minimum, asNumber?.maximum], [least, most])
  })

  it("takes what the command takes", () => {
    for (const key of keys) {
      for (const text of samples.filter((one) => !tooLittle.has(`${key} ${one}`))) {
        const taken = Result.isSuccess<unknown, unknown>(settings[key].parse(text))
        assert.strictEqual(takes(profile[key] ?? {}, text), taken, `${key} ${text}`)
      }
    }
  })
})

describe("the schema of a project's file", () => {
  it("knows what the command reads from it, and has no place for a token", () => {
    const { properties = {} } = read("project")
    assert.sameMembers(Object.keys(properties), ["$schema", "defaultCountry", "customFields"])
  })
})
