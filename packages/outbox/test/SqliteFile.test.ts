import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, it } from "vitest"

import { SqliteFile } from "../src/SqliteFile.ts"
import { newPath } from "./files.ts"

const kind = { applicationId: 77, version: 2, schema: "CREATE TABLE t (n INTEGER) STRICT" }
const insert = (n: number) => (database: DatabaseSync) =>
  database.prepare("INSERT INTO t VALUES (?)").run(n)
const count = (database: DatabaseSync) =>
  Number(database.prepare("SELECT count(*) AS n FROM t").get()?.["n"])

describe("SqliteFile", () => {
  it("can be read and written by its owner only, whatever the umask", async () => {
    const path = newPath("private/outbox.db")
    const before = process.umask(0)
    try {
      const file = new SqliteFile(path, kind)
      await file.write(insert(1))
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
      file.close()
    } finally {
      process.umask(before)
    }
  })

  it("commits the writes of one turn together, and none of them if one fails", async () => {
    const file = new SqliteFile(newPath(), kind)
    await Promise.all([file.write(insert(1)), file.write(insert(2))])
    const all = await Promise.allSettled([
      file.write(insert(3)),
      file.write((database) => database.exec("INSERT INTO nowhere VALUES (1)")),
    ])
    expect(all.map(({ status }) => status)).toEqual(["rejected", "rejected"])
    expect(await file.read(count)).toBe(2)
    file.close()
  })

  it("ends what was begun before it closes, and rejects what comes after", async () => {
    const path = newPath()
    const file = new SqliteFile(path, kind)
    const written = file.write(insert(1))
    file.close()
    await written
    await expect(file.read(count)).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_CLOSED" })
    const again = new SqliteFile(path, kind)
    expect(await again.read(count)).toBe(1)
    again.close()
  })

  it("refuses a file of another program, and leaves it as it is", async () => {
    const path = newPath()
    const other = new DatabaseSync(path)
    other.exec("CREATE TABLE mine (n)")
    other.close()
    const bytes = readFileSync(path)
    const file = new SqliteFile(path, kind)
    await expect(file.read(count)).rejects.toMatchObject({
      code: "ERR_AELYST_OUTBOX_STORE",
      message: expect.stringContaining(`${path} is not an outbox file.`),
    })
    expect(readFileSync(path)).toEqual(bytes)
  })

  it("changes no empty file if it may not create one", async () => {
    const path = newPath()
    writeFileSync(path, "", { mode: 0o644 })
    await expect(new SqliteFile(path, kind, false).read(count)).rejects.toMatchObject({
      message: expect.stringContaining(`${path} is not an outbox file.`),
    })
    expect(readFileSync(path)).toHaveLength(0)
    expect(statSync(path).mode & 0o777).toBe(0o644)
  })

  it("refuses a file of a newer version by name", async () => {
    const path = newPath()
    const newer = new SqliteFile(path, { ...kind, version: 3 })
    await newer.write(insert(1))
    newer.close()
    await expect(new SqliteFile(path, kind).read(count)).rejects.toMatchObject({
      message: expect.stringContaining("has format 3; this version reads format 2."),
    })
  })

  it("says what is wrong with a file that is no database, or a path that is a directory", async () => {
    const text = newPath()
    writeFileSync(text, "not a database, but long enough to be one\n".repeat(40))
    await expect(new SqliteFile(text, kind).read(count)).rejects.toMatchObject({
      message: expect.stringContaining("not an SQLite database"),
    })
    const directory = newPath()
    mkdirSync(directory)
    await expect(new SqliteFile(directory, kind).read(count)).rejects.toMatchObject({
      code: "ERR_AELYST_OUTBOX_STORE",
    })
  })
})
