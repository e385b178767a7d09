import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
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
      await file.close()
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
    // a read of the same turn does not fail with them
    const failing = file.write((database) => database.exec("INSERT INTO nowhere VALUES (1)"))
    const [failed, read] = await Promise.allSettled([failing, file.read(count)])
    expect([failed.status, read.status]).toEqual(["rejected", "fulfilled"])
    expect(await file.read(count)).toBe(2)
    await file.close()
  })

  it("ends what was begun before it closes, and rejects what comes after", async () => {
    const path = newPath()
    const file = new SqliteFile(path, kind)
    const written = file.write(insert(1))
    const closed = file.close()
    await written
    await expect(file.read(count)).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_CLOSED" })
    await closed
    const again = new SqliteFile(path, kind)
    expect(await again.read(count)).toBe(1)
    await again.close()
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
    await newer.close()
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

  it("waits for the write of another process without stopping the event loop", async () => {
    const path = newPath()
    const file = new SqliteFile(path, kind)
    await file.write(insert(1))
    const other = new DatabaseSync(path)
    other.exec("BEGIN IMMEDIATE")
    const written = file.write(insert(2))
    // would never run if the wait stopped the event loop
    setTimeout(() => other.exec("COMMIT"), 50)
    await written
    other.close()
    expect(await file.read(count)).toBe(2)
    await file.close()
  })

  it("is opened again while another process creates the tables", async () => {
    const path = newPath()
    const other = new DatabaseSync(path)
    other.exec("PRAGMA journal_mode=WAL; BEGIN IMMEDIATE")
    const file = new SqliteFile(path, kind)
    const written = file.write(insert(1))
    setTimeout(() => {
      other.exec(`${kind.schema}; PRAGMA application_id=77; PRAGMA user_version=2; COMMIT`)
      other.close()
    }, 50)
    await written
    expect(await file.read(count)).toBe(1)
    await file.close()
  })

  it("keeps the locks of another connection of its process", async () => {
    const path = newPath()
    const first = new SqliteFile(path, kind)
    await first.write(insert(1))
    const inode = `:${statSync(path).ino} `
    // only Linux lists the locks
    const isListed = existsSync("/proc/locks")
    const locks = () =>
      (isListed ? readFileSync("/proc/locks", "utf8") : "")
        .split("\n")
        .filter((line) => line.includes(` ${process.pid} `) && line.includes(inode))
    const before = locks()
    const second = new SqliteFile(path, kind)
    await second.write(insert(2))
    expect(before.length > 0).toBe(isListed)
    expect(locks()).toHaveLength(before.length)
    await first.close()
    await second.close()
  })

  it("does not change the permissions of a directory", async () => {
    const directory = newPath()
    mkdirSync(directory, { mode: 0o755 })
    const cannotOpen = {
      message: expect.stringContaining("cannot be opened: check the path"),
    }
    await expect(new SqliteFile(directory, kind).read(count)).rejects.toMatchObject(cannotOpen)
    expect(statSync(directory).mode & 0o777).toBe(0o755)
    const text = newPath()
    writeFileSync(text, "")
    await expect(new SqliteFile(`${text}/outbox.db`, kind).read(count)).rejects.toMatchObject(
      cannotOpen,
    )
  })
})
