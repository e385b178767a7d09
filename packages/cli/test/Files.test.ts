import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import type { Failure } from "../src/Failure.ts"
import * as Files from "../src/Files.ts"
import { Home, aelyst, onPosix, suiteOnPosix } from "./process.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aelyst-files-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const failure = <A>(effect: Effect.Effect<A, Failure>): Failure =>
  Effect.runSync(Effect.flip(effect))

describe("pathsOf", () => {
  it("prefers AELYST_CONFIG and AELYST_STATE_DIR, relative to the directory", () => {
    const env = { AELYST_CONFIG: "a/c.json", AELYST_STATE_DIR: "/s", HOME: "/users/ana" }
    assert.deepStrictEqual(Files.pathsOf(env, "/project"), {
      config: join("/project", "a", "c.json"),
      credentials: join("/project", "a", "credentials.json"),
      state: join("/s"),
      project: join("/project", "aelyst.config.json"),
    })
  })

  it("uses the XDG directories, then the home directory", () => {
    const home = { HOME: "/users/ana" }
    assert.strictEqual(
      Files.pathsOf(home, "/").config,
      join("/users/ana", ".config", "aelyst", "config.json"),
    )
    const xdg = { ...home, XDG_CONFIG_HOME: "/xdg", XDG_STATE_HOME: "not/absolute" }
    const { config, state } = Files.pathsOf(xdg, "/")
    assert.strictEqual(config, join("/xdg", "aelyst", "config.json"))
    assert.strictEqual(state, join("/users/ana", ".local", "state", "aelyst"))
  })

  it("knows only the project without a home directory", () => {
    const { project, ...others } = Files.pathsOf({ HOME: "" }, "/project")
    assert.strictEqual(project, join("/project", "aelyst.config.json"))
    assert.deepStrictEqual(Object.values(others), [undefined, undefined, undefined])
  })
})

describe("read", () => {
  it("returns undefined for a file that does not exist", () => {
    assert.isUndefined(Effect.runSync(Files.read(join(folder, "none"))))
  })

  it("says what is wrong with a file, with the system's code", () => {
    assert.match(failure(Files.read(folder)).message, / is a directory \(EISDIR\)$/)
    const large = join(folder, "large")
    writeFileSync(large, Buffer.alloc(1_048_577))
    assert.match(failure(Files.read(large)).message, / is larger than 1 MiB \(EFBIG\)$/)
    const below = failure(Files.read(join(large, "x")))
    assert.match(below.message, / has a parent that is not a directory \(ENOTDIR\)$/)
    assert.strictEqual(below.code, "FILE")
  })
})

describe("readExisting", () => {
  it("fails for a file that does not exist", () => {
    const { message } = failure(Files.readExisting(join(folder, "none\u001b[2J")))
    assert.match(message, /none\\x1b\[2J does not exist \(ENOENT\)$/)
  })
})

describe("readPrivate", () => {
  onPosix("fails for a file that others can read, and says how to fix it", async () => {
    const path = join(folder, "open")
    writeFileSync(path, "canary12")
    chmodSync(path, 0o640)
    const { message, hints } = failure(Files.readPrivate(path))
    assert.strictEqual(message, `${path} can be read by others (mode 640)`)
    assert.deepStrictEqual(hints, [`fix:   chmod 600 ${path}`])
  })

  it("returns the text of a private file, and undefined without a file", () => {
    const path = join(folder, "private")
    writeFileSync(path, "text", { mode: 0o600 })
    assert.strictEqual(Effect.runSync(Files.readPrivate(path)), "text")
    assert.isUndefined(Effect.runSync(Files.readPrivate(join(folder, "none"))))
  })
})

suiteOnPosix("writePrivate", () => {
  it("creates the directories, readable by the owner only, and leaves no other file", () => {
    const directory = join(folder, "new", "deep")
    const path = join(directory, "file")
    Effect.runSync(Files.writePrivate(path, "one"))
    Effect.runSync(Files.writePrivate(path, "two"))
    assert.strictEqual(readFileSync(path, "utf8"), "two")
    assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    assert.strictEqual(statSync(directory).mode & 0o777, 0o700)
    assert.deepStrictEqual(readdirSync(directory), ["file"])
  })

  it("does not follow a link", () => {
    const target = join(folder, "target")
    const link = join(folder, "link")
    writeFileSync(target, "untouched")
    symlinkSync(target, link)
    const { message } = failure(Files.writePrivate(link, "x"))
    assert.strictEqual(message, `${link} is a link or a directory; it was not overwritten`)
    assert.isTrue(lstatSync(link).isSymbolicLink())
    assert.strictEqual(readFileSync(target, "utf8"), "untouched")
  })
})

suiteOnPosix("a file that is written", () => {
  it("replaces no link and no directory", async () => {
    using home = new Home()
    const directory = join(home.path, ".config", "aelyst")
    const target = join(home.path, "precious")
    mkdirSync(directory, { recursive: true })
    writeFileSync(target, "untouched")
    symlinkSync(target, join(directory, "credentials.json"))
    mkdirSync(join(directory, "config.json"))
    const env = { HOME: home.path, AELYST_BASE_URL: "http://127.0.0.1:1/v1" }
    for (const args of [
      ["auth", "login", "--token-stdin"],
      ["config", "set", "retries", "1"],
    ]) {
      const { code, stdout, stderr } = await aelyst(args, { env, stdin: "canary_token_Zx81qQ" })
      assert.strictEqual(code, 2, stderr)
      assert.strictEqual(stdout, "")
    }
    assert.strictEqual(readFileSync(target, "utf8"), "untouched")
  })
})
