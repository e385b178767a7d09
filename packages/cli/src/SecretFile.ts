/**
 * Reads a file that holds a token, or a URL with a password. A file that others can read is refused, unless its owner is not who runs the command:
 * secrets are mounted into containers read-only, or belong to root, and no `chmod` could close them.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"

import * as Effect from "effect/Effect"

import type { Failure } from "./Failure.ts"
import { file } from "./Failure.ts"
import * as Files from "./Files.ts"
import { shellQuote, visible } from "./Text.ts"

/** Returns whether a path is on a read-only mount, by the lines of Linux's `/proc/self/mountinfo`. */
export const isOnReadOnlyMount = (path: string, mountinfo: string): boolean => {
  let mount = ""
  let options = ""
  for (const line of mountinfo.split("\n")) {
    const [, , , , escaped = "", its = ""] = line.split(" ")
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    const holds = point === "/" || path === point || path.startsWith(`${point}/`)
    // of two mounts on one point, the later one counts
    if (point !== "" && holds && point.length >= mount.length) [mount, options] = [point, its]
  }
  return options.split(",").includes("ro")
}

const isReadOnly = (path: string): boolean => {
  try {
    Fs.accessSync(path, Fs.constants.W_OK)
    return false
  } catch (error) {
    if (Files.codeOf(error) === "EROFS") return true
  }
  try {
    return isOnReadOnlyMount(Fs.realpathSync(path), Fs.readFileSync("/proc/self/mountinfo", "utf8"))
  } catch {
    // a system without this file
    return false
  }
}

/**
 * Reads a file with a secret. Fails if others can read it and its permissions could be changed; a token may then come from
 * standard input instead.
 */
export const read = (
  cwd: string,
  given: string,
  secret: "token" | "URL" = "token",
): Effect.Effect<Files.Text, Failure> => {
  const path = Path.resolve(cwd, given)
  return Effect.flatMap(Files.readWithStat(path), ({ text, stat }) => {
    if (!Files.isOpenToOthers(stat) || stat.uid === 0 || isReadOnly(path)) {
      return Effect.succeed(text)
    }
    const shown = visible(given)
    return Effect.fail(
      file(
        `${shown} can be read by others (mode ${(stat.mode & 0o777).toString(8)})`,
        `fix:   chmod 600 ${shown}${secret === "token" ? `, or --token-stdin < ${/^[\w./-]+$/.test(given) ? given : shellQuote(shown)}` : ""}`,
      ),
    )
  })
}
