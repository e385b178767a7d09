#!/usr/bin/env node
import pkg from "../package.json" with { type: "json" }
import { sandboxArguments } from "./SandboxArguments.ts"

// the reader of a pipe may leave at any time; `main.ts` says what else a lost output means
process.stdout.on("error", (error) => {
  if (Reflect.get(error, "code") === "EPIPE") process.exit(0)
})
// a report could not be printed
process.stderr.on("error", () => undefined)

// read at run time: an older Node does not have it, and gets a message that says so
const { enableCompileCache } = process.getBuiltinModule?.("node:module") ?? {}
const args = process.argv.slice(2)
if (args.length === 1 && args[0] === "--version") {
  process.stdout.write(`aelyst v${pkg.version}\n`)
} else if (enableCompileCache === undefined) {
  process.stderr.write(`error: aelyst needs Node.js 22.19 or newer (this is ${process.version})\n`)
  process.exitCode = 2
} else {
  enableCompileCache()
  const own = sandboxArguments(args)
  if (own !== undefined) {
    const { run } = await import("./commands/Sandbox.ts")
    process.exitCode = await run(own, pkg.version, args)
  } else {
    const { main } = await import("./main.ts")
    main(pkg.version, args)
  }
}
