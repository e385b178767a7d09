/** A real PostgreSQL cluster on a free port of 127.0.0.1, and pgbouncer in front of it. */
import { execFile } from "node:child_process"
import { globSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"

import { Client } from "pg"

import * as Ports from "../network/Ports.ts"
import type { User } from "./ServerProcess.ts"
import { folder, ServerProcess } from "./ServerProcess.ts"

const run = promisify(execFile)

/** The name of the superuser and of its database. */
const name = "postgres"

/** Returns the URL of the database behind a port, for a role. */
export const urlOf = (port: number, role: string = name): string =>
  `postgres://${role}@127.0.0.1:${port}/${name}`

/** Returns the folder of Debian's programs, or "" to look for them on the path. */
const programs = (): string => {
  const found = globSync("/usr/lib/postgresql/*/bin").toSorted().at(-1)
  return found === undefined ? "" : `${found}/`
}

const idOf = async (flag: "-u" | "-g") => Number((await run("id", [flag, name])).stdout)

/** PostgreSQL does not run as root; Debian's package brings a user. */
const userOf = async (): Promise<User | undefined> =>
  process.getuid?.() === 0 ? { uid: await idOf("-u"), gid: await idOf("-g") } : undefined

const queryOn = async (port: number, text: string, values: ReadonlyArray<unknown> = []) => {
  const client = new Client({ connectionString: urlOf(port), connectionTimeoutMillis: 60_000 })
  client.on("error", () => undefined)
  await client.connect()
  try {
    // safe: a statement returns rows by the names of its columns
    return (await client.query(text, [...values])).rows as ReadonlyArray<Record<string, unknown>>
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** A running cluster. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  readonly process: ServerProcess
  /** Runs one statement, on a new connection. */
  readonly query: (
    text: string,
    values?: ReadonlyArray<unknown>,
  ) => Promise<ReadonlyArray<Record<string, unknown>>>
}

/** The options of a cluster. */
export interface PostgresOptions {
  /** Adds a disk of this size in MB, in memory, as the tablespace `small`. */
  readonly smallDisk?: number
}

/** Returns the command that runs a program with a small disk, which is gone with the program. */
const onSmallDisk = (path: string, size: number, user: User | undefined, program: string) => {
  const owner = user === undefined ? "" : `,uid=${user.uid},gid=${user.gid}`
  const mount = `mount -t tmpfs -o size=${size}m,mode=0700${owner} none "$0" && exec "$@"`
  const asUser =
    user === undefined
      ? []
      : ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"]
  const rights = user === undefined ? ["--map-current-user", "--keep-caps", "--mount"] : ["--mount"]
  return ["unshare", ...rights, "sh", "-c", mount, path, ...asUser, program]
}

/** Creates a cluster and starts it. */
export const startPostgres = async ({
  smallDisk,
}: PostgresOptions = {}): Promise<PostgresServer> => {
  const user = await userOf()
  const data = await folder("postgres", user)
  const disk = smallDisk === undefined ? undefined : await folder("postgres-disk", user)
  const at = programs()
  await run(`${at}initdb`, ["-D", data.path, "-U", name, "-A", "trust", "--no-sync"], user)
  const [program = "", ...before] =
    disk === undefined || smallDisk === undefined
      ? [`${at}postgres`]
      : onSmallDisk(disk.path, smallDisk, user, `${at}postgres`)
  const settings = ["-c", "listen_addresses=127.0.0.1", "-k", data.path]
  const { port, started: process } = await Ports.onOwn((free) =>
    ServerProcess.start({
      program,
      args: [...before, "-D", data.path, "-p", `${free}`, ...settings],
      // the one that mounts a disk changes the user itself
      user: disk === undefined ? user : undefined,
      greet: async () => void (await queryOn(free, "SELECT 1")),
    }),
  )
  const query = (text: string, values?: ReadonlyArray<unknown>) => queryOn(port, text, values)
  if (disk !== undefined) await query(`CREATE TABLESPACE small LOCATION '${disk.path}'`)
  return {
    port,
    process,
    query,
    [Symbol.asyncDispose]: async () => {
      await process.kill()
      await data[Symbol.asyncDispose]()
      await disk?.[Symbol.asyncDispose]()
    },
  }
}

/** Starts pgbouncer in transaction mode in front of a cluster, for these roles. */
export const startBouncer = async (
  server: number,
  roles: ReadonlyArray<string>,
): Promise<AsyncDisposable & { readonly port: number }> => {
  const user = await userOf()
  const data = await folder("pgbouncer", user)
  const port = await Ports.own()
  const file = join(data.path, "pgbouncer.ini")
  const users = join(data.path, "users")
  writeFileSync(users, roles.map((role) => `"${role}" ""\n`).join(""))
  const lines = [
    "[databases]",
    `${name} = host=127.0.0.1 port=${server} dbname=${name}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = trust",
    `auth_file = ${users}`,
    "pool_mode = transaction",
  ]
  writeFileSync(file, `${lines.join("\n")}\n`)
  const process = await ServerProcess.start({
    program: "pgbouncer",
    args: [file],
    user,
    greet: () => Ports.connects(port),
  })
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await process.kill()
      await data[Symbol.asyncDispose]()
    },
  }
}
