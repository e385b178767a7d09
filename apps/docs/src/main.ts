/** Builds the documentation and serves it: `npm run docs`; with `--build` it only builds. */
import type { AddressInfo } from "node:net"

import { build, dist } from "./Build.ts"
import { serve } from "./Server.ts"

console.error("building the documentation …")
await build()
if (process.argv.includes("--build")) console.error(`built: ${dist}`)
else {
  const server = await serve(Number(process.env["PORT"] ?? 4343))
  // safe: it listens on a TCP port
  const { port } = server.address() as AddressInfo
  console.error(`documentation: http://127.0.0.1:${port}/  (Ctrl-C stops it)`)
}
