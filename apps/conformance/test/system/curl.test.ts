import { execFile } from "node:child_process"

import type { Ask } from "../foreign.ts"
import { testForeign } from "../foreign.ts"

const curl: Ask = (url, token, body) =>
  new Promise((resolve, reject) => {
    const args = ["--silent", "--include", "--request", "POST", "--url", url]
    const headers = [`Authorization: Bearer ${token}`, "Content-Type: application/json"]
    execFile(
      "curl",
      [...args, ...headers.flatMap((header) => ["--header", header]), "--data", body],
      (error, stdout) => {
        if (error !== null) return reject(error)
        const [head = "", text = ""] = stdout.split("\r\n\r\n")
        const [first = "", ...lines] = head.split("\r\n")
        const pairs = lines.map((line): [string, string] => {
          const colon = line.indexOf(":")
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
        })
        resolve({ status: Number(first.split(" ")[1]), text, headers: Object.fromEntries(pairs) })
      },
    )
  })

testForeign("curl", curl)
