import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

import { optionTable } from "@aelyst/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { afterAll, beforeEach } from "vitest"

import * as ConfigFile from "../src/ConfigFile.ts"
import * as Files from "../src/Files.ts"
import { keys, settings } from "../src/SettingTable.ts"
import { bin, onPosix } from "./process.ts"

const root = mkdtempSync(join(tmpdir(), "aelyst-config-file-"))
let count = 0
let folder = root
beforeEach(() => {
  count += 1
  folder = join(root, String(count))
  mkdirSync(folder)
})
afterAll(() => rmSync(root, { recursive: true }))

const paths = () => Files.pathsOf({ AELYST_CONFIG: join(folder, "config.json") }, folder)
const put = (name: string, json: unknown) => {
  const text = typeof json === "string" ? json : JSON.stringify(json)
  writeFileSync(join(folder, name), text, { mode: 0o600 })
}
const messageOf = <A>(effect: Effect.Effect<A, { readonly message: string }>) =>
  Effect.runSync(Effect.map(Effect.flip(effect), ({ message }) => message))

describe("readConfig", () => {
  it("is empty without a file", () => {
    assert.deepStrictEqual(Effect.runSync(ConfigFile.readConfig(paths())), { profiles: {} })
  })

  it("reads what writeConfig wrote", () => {
    const config: ConfigFile.ConfigFile = {
      schema: "./schema.json",
      profile: "a",
      profiles: { a: { settings: { retries: "5" } }, b: { settings: {}, token: "sandbox_ok" } },
    }
    assert.strictEqual(Effect.runSync(ConfigFile.writeConfig(paths(), config)), paths().config)
    assert.deepStrictEqual(Effect.runSync(ConfigFile.readConfig(paths())), config)
  })

  it("takes numbers as texts", () => {
    put("config.json", { profiles: { a: { retries: 5 } } })
    const { profiles } = Effect.runSync(ConfigFile.readConfig(paths()))
    assert.deepStrictEqual(profiles["a"]?.settings, { retries: "5" })
  })

  const wrong: ReadonlyArray<readonly [json: unknown, says: string]> = [
    ["{", "is not valid JSON"],
    [[], "must hold a JSON object"],
    [{ canary: 1 }, "canary is not a known key"],
    [{ profile: 5 }, "profile is not a known key"],
    [{ profiel: "canary12" }, "profiel is not a known key; did you mean profile?"],
    [{ profiles: { "a b": {} } }, "profiles must not have an invalid profile name"],
    [{ profiles: { a: 5 } }, "profiles.a must be an object"],
    [
      { profiles: { a: { timeout: ["canary12"] } } },
      "profiles.a.timeout must be a string or a number",
    ],
    [
      { profiles: { a: { tiemout: "canary12" } } },
      "profiles.a.tiemout is not a setting; did you mean timeout?",
    ],
  ]
  for (const [json, says] of wrong) {
    it(`refuses ${JSON.stringify(json)} without showing a value`, () => {
      put("config.json", json)
      const message = messageOf(ConfigFile.readConfig(paths()))
      assert.include(message, says)
      assert.notInclude(message, "canary12")
    })
  }
})

describe("readCredentials", () => {
  const credentials = { a: { token: "canary12", origin: "https://api.aelyst.ai" } }

  it("reads what writeCredentials wrote", () => {
    Effect.runSync(ConfigFile.writeCredentials(paths(), credentials))
    assert.deepStrictEqual(Effect.runSync(ConfigFile.readCredentials(paths())), credentials)
    assert.include(readFileSync(join(folder, "credentials.json"), "utf8"), "canary12")
  })

  it("refuses an entry that lacks a token or an origin", () => {
    put("credentials.json", { profiles: { a: { token: "canary12" } } })
    const message = messageOf(ConfigFile.readCredentials(paths()))
    assert.include(message, "profiles must have a token and an origin in every entry")
    assert.notInclude(message, "canary12")
  })

  onPosix("refuses a file that others may read", async () => {
    put("credentials.json", { profiles: credentials })
    chmodSync(join(folder, "credentials.json"), 0o644)
    assert.notInclude(messageOf(ConfigFile.readCredentials(paths())), "canary12")
  })
})

describe("readProject", () => {
  it("reads the country and the custom fields, and leaves the mapping alone", () => {
    put("aelyst.config.json", {
      defaultCountry: "MY",
      customFields: { Age: "number" },
      mapping: {},
      $schema: "x",
    })
    const project = Effect.runSync(ConfigFile.readProject(paths()))
    assert.strictEqual(project.defaultCountry, "MY")
    assert.isDefined(project.customFields)
  })

  const wrong: ReadonlyArray<readonly [json: unknown, says: string]> = [
    [{ token: "canary12" }, "token must not be in a project file: set AELYST_TOKEN or log in"],
    [
      { baseUrl: "https://canary12.test" },
      "baseUrl must not be in a project file: set it in a profile",
    ],
    [{ defaultCountry: 5 }, "defaultCountry must be a string"],
    [{ defaultCuontry: "MY" }, "defaultCuontry is not a known key; did you mean defaultCountry?"],
    [{ customFields: { Age: "canary12" } }, "customFields.Age"],
  ]
  for (const [json, says] of wrong) {
    it(`refuses ${JSON.stringify(json)} without showing a value`, () => {
      put("aelyst.config.json", json)
      const message = messageOf(ConfigFile.readProject(paths()))
      assert.include(message, says)
      assert.notInclude(message, "canary12")
    })
  }
})

describe("isProfileName", () => {
  it("takes letters, digits, - and _, at most 64 of them", () => {
    for (const name of ["a", "prod-1", "A_b", "x".repeat(64)]) {
      assert.isTrue(ConfigFile.isProfileName(name), name)
    }
    for (const name of ["", "-a", "_a", "a b", "a.b", "x".repeat(65), "é"]) {
      assert.isFalse(ConfigFile.isProfileName(name), name)
    }
  })
})

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
const schemaOf = (name: string): Schema =>
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
  const profile =
    schemaOf("config").properties?.["profiles"]?.additionalProperties?.properties ?? {}

  it("has the settings and the token, and nothing else", () => {
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
  it("has the keys that the command reads, and none for a token", () => {
    const { properties = {} } = schemaOf("project")
    assert.sameMembers(Object.keys(properties), ["$schema", "defaultCountry", "customFields"])
  })
})
