/** Serves the built site on this machine. */
import { createReadStream, existsSync, statSync } from "node:fs"
import type { Server } from "node:http"
import { createServer } from "node:http"
import { extname, join, normalize } from "node:path"

import { dist } from "./Build.ts"

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
}

/** Returns the file of an address; that of the page for missing ones if there is none. */
const fileOf = (address: string): { readonly file: string; readonly status: number } => {
  const { pathname } = new URL(address, "http://localhost")
  const path = join(dist, normalize(decodeURIComponent(pathname)))
  const file = path.endsWith("/") ? join(path, "index.html") : path
  return path.startsWith(dist) && existsSync(file) && statSync(file).isFile()
    ? { file, status: 200 }
    : { file: join(dist, "404.html"), status: 404 }
}

/** Listens on 127.0.0.1; port 0 takes any free one. */
export const serve = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      const { file, status } = fileOf(request.url ?? "/")
      const type = types[extname(file)] ?? "application/octet-stream"
      response.writeHead(status, { "content-type": type })
      createReadStream(file).pipe(response)
    })
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => resolve(server))
  })
