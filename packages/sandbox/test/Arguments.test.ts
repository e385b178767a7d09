import { assert, describe, it } from "@effect/vitest"

import * as Arguments from "../src/cli/Arguments.ts"
import { UsageError } from "../src/cli/FlagValue.ts"
import type { SandboxOptions } from "../src/types.ts"

const message = (argv: ReadonlyArray<string>): string => {
  try {
    Arguments.read(argv)
    return assert.fail("it was accepted")
  } catch (error) {
    assert.instanceOf(error, UsageError)
    return error.message
  }
}

describe("read", () => {
  it("starts without arguments, on no given port", () => {
    assert.deepStrictEqual(Arguments.read([]), {
      verb: "start",
      options: { faults: [] },
      port: undefined,
      command: [],
      fault: undefined,
      topic: undefined,
      quiet: false,
      noColor: false,
    })
  })

  it.each<[ReadonlyArray<string>, SandboxOptions]>([
    [["--window", "500ms"], { windowMs: 500 }],
    [["--window", "2s"], { windowMs: 2000 }],
    [["--lag", "5m"], { lagMs: 300_000 }],
    [["--latency", "0"], { latencyMs: 0 }],
    [["--lag", "1h"], { lagMs: 3_600_000 }],
    [["--latency", "20ms..1s"], { latencyMs: [20, 1000] }],
    [["--no-headers"], { rateLimitHeaders: "none", retryAfter: "none" }],
    [["--no-admin"], { admin: false }],
    [["--admin"], { admin: true }],
    [["--decode-plus"], { decodePlus: true }],
    [["--allow-host=a", "--allow-host=b"], { allowedHosts: ["a", "b"] }],
    [
      ["--cors=http://a.test", "--cors=http://b.test"],
      { cors: ["http://a.test", "http://b.test"] },
    ],
    [["--clock", "virtual"], { clock: "virtual" }],
    [["--max-connections", "9"], { maxConnections: 9 }],
    [["--data", "x.jsonl", "--host", "::1"], { data: "x.jsonl", host: "::1" }],
    [
      ["--fault", "drop", "--error-rate", "500=1%, drop=0.5"],
      {
        faults: [
          "drop",
          { preset: "500", probability: 0.01 },
          { preset: "drop", probability: 0.5 },
        ],
      },
    ],
  ])("turns %j into the options %j", (argv, options) => {
    assert.deepStrictEqual(Arguments.read(argv).options, { faults: [], ...options })
  })

  it("keeps the command of exec apart from the flags", () => {
    const { command, options, verb } = Arguments.read(["exec", "--limit=3", "--", "npm", "--limit"])
    assert.deepStrictEqual([verb, command, options.limit], ["exec", ["npm", "--limit"], 3])
  })

  it("reads the fault of fault, with whom it hits and how often", () => {
    const argv = "fault 429-7s --times 2 --probability 50% --identifier id:1 --token sandbox_ok"
    assert.deepStrictEqual(Arguments.read(argv.split(" ")).fault, {
      preset: "429-7s",
      match: { identifier: "id:1", token: "sandbox_ok" },
      times: 2,
      probability: 0.5,
    })
  })

  it.each([
    [["--help"], "help"],
    [["exec", "--help"], "help"],
    [["-V"], "version"],
    [["reset"], "reset"],
    [["open", "--port=1"], "open"],
  ])("reads %j as %s", (argv, verb) => {
    assert.strictEqual(Arguments.read(argv).verb, verb)
  })

  it.each([
    [["--prot", "1"], "unknown flag --prot. Did you mean --port?"],
    [["--limit", "many"], 'invalid value "many" for --limit: expected an integer, 0 or more'],
    [
      ["--port", "70000"],
      'invalid value "70000" for --port: expected an integer between 0 and 65535',
    ],
    [
      ["--window", "soon"],
      'invalid value "soon" for --window: expected a duration such as 500ms, 2s or 5m',
    ],
    [
      ["--retry-after", "x"],
      'invalid value "x" for --retry-after: expected integer, fraction, date or none',
    ],
    [
      ["--error-rate", "500=2"],
      'invalid value "2" for --error-rate: expected a share between 0 and 1, such as 0.05 or 5%',
    ],
    [
      ["--fields", "none.json"],
      'invalid value "none.json" for --fields: expected a readable file of JSON',
    ],
    [["strat"], 'unknown command "strat". Did you mean start?'],
    [["reset", "--limit", "3"], "--limit is not a flag of reset, but of start and exec"],
    [["--port"], "missing value for --port: expected <n>"],
    [["--data", "--quiet"], "missing value for --data: expected <file.jsonl>"],
    [["--quiet=yes"], "--quiet takes no value"],
    [["--seed", "1", "--seed", "2"], "--seed was given more than once; it takes one value"],
    [["fault", "dorp"], 'unknown preset "dorp". Did you mean drop?'],
    [["start", "\u009b2J"], String.raw`unexpected argument "\u009b2J"`],
    [["start", "npm"], 'unexpected argument "npm"'],
    [["exec", "npm"], 'unexpected argument "npm": write the command after --'],
    [["exec"], "exec needs a command after --, as in exec -- npm test"],
    [["--", "npm"], "only exec takes a command after --"],
    [["fault"], "fault needs a preset, such as 500 or drop-before"],
  ])("throws for %j: %s", (argv, expected) => {
    assert.strictEqual(message(argv), expected)
  })
})

describe("a mistake", () => {
  it("U30 lists the presets, and names the help of the command", () => {
    for (const argv of [["fault"], ["fault", "dorp"]]) {
      try {
        Arguments.read(argv, "aelyst sandbox")
        assert.fail("it was accepted")
      } catch (error) {
        assert.instanceOf(error, UsageError)
        assert.match(error.hints[0] ?? "", /^presets: a status from 200 to 599, drop, fin, stall, /)
        assert.strictEqual(error.hints[1], "help:  aelyst sandbox fault --help")
      }
    }
  })
})
