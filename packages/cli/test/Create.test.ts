import { describe } from "@effect/vitest"

import { createMatrix, commandMatrix } from "./matrix.ts"

describe.concurrent("aelyst create", () => {
  createMatrix(["pipe", "CI", "process"])
  commandMatrix("create", ["pipe", "CI", "process"])
})
