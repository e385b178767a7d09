#!/usr/bin/env node
import pkg from "../package.json" with { type: "json" }

// the reader of a pipe may leave at any time, as in `aelyst … | head`: that is not an error
process.stdout.on("error", (error) => {
  const code: unknown = Reflect.get(error, "code")
  if (code === "EPIPE") process.exit(0)
  process.stderr.write(`error: cannot write to standard output (${code})  [FILE]\n`)
  process.exit(1)
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
  if (args[0] === "sandbox") {
    const { run } = await import("./commands/Sandbox.ts")
    process.exitCode = await run(args.slice(1), pkg.version)
  } else {
    const { main } = await import("./main.ts")
    main(pkg.version, args)
  }
}
