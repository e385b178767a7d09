import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { keys, settings } from "../src/SettingTable.ts"

const help = async (...args: ReadonlyArray<string>) =>
  (await inside(args)).stdout.replaceAll(/\s+/g, " ")

describe("the flags of settings", () => {
  it("say in the help what they do, their variable and their default", async () => {
    const text = (await help("--help")) + (await help("create", "--help"))
    for (const key of keys) {
      const { flag, metavar, sentence, variable, otherwise, otherwiseText } = settings[key]
      const said = `${sentence.replaceAll("`", "")} [${variable}; ${otherwiseText ?? otherwise}]`
      assert.include(text, `${flag} ${metavar}`)
      assert.include(text, said)
    }
  })

  it("are the names of their keys, with a hyphen for each capital", () => {
    for (const key of keys) {
      const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      assert.strictEqual(settings[key].flag, `--${name}`)
      const variable = `AELYST_${name.replaceAll("-", "_").toUpperCase()}`
      assert.strictEqual(settings[key].variable, variable)
    }
  })
})

describe("text", () => {
  it("is undefined if the flag is not given", async () => {
    const { stdout } = await inside(["config", "list", "--json"])
    assert.isNull(JSON.parse(stdout).settings.rate)
  })
})

describe("toggle", () => {
  it("is off unless given, and has no form that turns it off", async () => {
    const { code, stderr } = await inside(["config", "list", "--no-json"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "unknown flag --no-json")
  })
})

describe("repeated", () => {
  it("takes a flag as often as it is given", async () => {
    const args = ["create", "id:1", "--first-name", "A", "--dry-run", "--json"]
    const fields = ["--field", "A:number=1", "--field", "B=2"]
    const { stdout } = await inside([...args, ...fields])
    const { body } = JSON.parse(stdout).request
    assert.include(body, '"name":"A","value":1')
    assert.include(body, '"name":"B","value":"2"')
  })
})
