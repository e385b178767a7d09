import { describe } from "@effect/vitest"

import { commandMatrix, createMatrix } from "../matrix.ts"

describe.concurrent("aelyst create, in a terminal", () => {
  createMatrix(["terminal"])
})

for (const name of [
  "auth",
  "config",
  "doctor",
  "errors",
  "completions",
  "create",
  "sandbox",
  "import",
  "resume",
  "runs",
  "template",
  "mapping",
  "outbox",
]) {
  describe.concurrent(`aelyst ${name}, in a terminal`, () => {
    commandMatrix(name, ["terminal"])
  })
}
