import { chmodSync, chownSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { Home, onPosix } from "./process.ts"

const url = "postgres://ana:canary_Zx81qQ@127.0.0.1:1/app"

const stats = (
  home: Home,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
) => inside(["outbox", "stats", ...args], { cwd: home.path, env: { HOME: home.path, ...env } })

describe.concurrent("the place of an outbox", () => {
  it("must be named, once", async () => {
    using home = new Home()
    const none = await stats(home, [])
    assert.deepStrictEqual(none.stderr.trimEnd().split("\n"), [
      "error: no outbox is named  [USAGE]",
      "  fix:   --file data/outbox.db; for a database: AELYST_STORE, or --store-file <path>",
    ])
    const two = await stats(home, ["--file", "a.db", "--store-file", "b"])
    assert.include(two.stderr, "error: --file and --store-file exclude each other  [USAGE]")
    assert.deepStrictEqual([none.code, two.code], [2, 2])
  })

  it("is a flag's before that of AELYST_STORE", async () => {
    using home = new Home()
    const { stderr } = await stats(home, ["--file", "a.db"], { AELYST_STORE: url })
    assert.include(stderr, "a.db does not exist")
  })

  it("is a database, which no error shows the password of", async () => {
    using home = new Home()
    writeFileSync(join(home.path, "url"), `${url}\n`, { mode: 0o600 })
    for (const [args, env] of [
      [[], { AELYST_STORE: url }],
      [["--store-file", "url"], {}],
      [["--store-file", "url", "--json"], {}],
      [["--store-file", "url", "-vv"], {}],
    ] as const) {
      const { code, stderr, stdout } = await stats(home, args, env)
      assert.strictEqual(code, 2)
      assert.include(stderr, "cannot reach the database 127.0.0.1:1/app: ECONNREFUSED")
      assert.notInclude(stderr + stdout, "canary")
    }
  })

  it("is refused if it has a password as an argument", async () => {
    using home = new Home()
    const { code, stderr } = await stats(home, ["--store", url])
    assert.strictEqual(code, 2)
    assert.deepStrictEqual(stderr.trimEnd().split("\n"), [
      "error: --store holds a password: arguments are visible in the process list  [USAGE]",
      "  fix:   put the URL into AELYST_STORE, or into a file that only you can read: --store-file <path>",
      "  then change the password, if others use this machine",
    ])
  })

  onPosix("is refused if others can read the file with its URL", async () => {
    using home = new Home()
    const path = join(home.path, "url")
    writeFileSync(path, url)
    chmodSync(path, 0o644)
    if (process.getuid?.() === 0) chownSync(path, 1000, 1000)
    const { code, stderr } = await stats(home, ["--store-file", "url"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "error: url can be read by others (mode 644)  [FILE]")
    assert.include(stderr, "chmod 600 url")
    assert.notInclude(stderr, "--token-stdin")
  })

  it("is warned of if its connection leaves the machine in clear", async () => {
    using home = new Home()
    const away = "postgres://ana:canary_Zx81qQ@aelyst-outbox.invalid/app"
    const { stderr } = await stats(home, [], { AELYST_STORE: away })
    assert.include(
      stderr,
      "warning: the connection to aelyst-outbox.invalid/app is not encrypted: anyone on the network path can read contacts and the password. Add sslmode=verify-full to the URL, or sslmode=disable to accept that\n",
    )
    assert.notInclude(stderr, "canary")
    const accepted = await stats(home, [], { AELYST_STORE: `${away}?sslmode=disable` })
    assert.notInclude(accepted.stderr, "warning")
  })
})
