import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { folderOf } from "./readmes.ts"
import { compile } from "./typescript.ts"

// a library that exports what it makes of core's schemas, without type annotations
const library = `
import type { AelystError } from "@aelyst/core"
import { AelystApi, AelystHttpErrors, Created, createContact, Payload } from "@aelyst/core/contract"
import {
  ContactSchema, CreateResultSchema, ErrorSchema, IdentifierSchema, IssueSchema, PacerSnapshotSchema, RowResultSchema,
  RunSummarySchema,
} from "@aelyst/core/schema"
import { Schema } from "effect"

export type Failure = AelystError
export const Stored = Schema.Struct({
  contact: ContactSchema, created: Created, error: ErrorSchema.AelystError, identifier: IdentifierSchema.FromString,
  issue: IssueSchema, payload: Payload, result: CreateResultSchema, row: RowResultSchema, state: PacerSnapshotSchema,
  summary: RunSummarySchema,
})
export const { attempts, identifier, rateLimit } = CreateResultSchema.fields
export const { lastName } = ContactSchema.fields
export const [succeeded, existed] = RowResultSchema.members
export const [invalid] = ErrorSchema.AelystError.members
export const toState = Schema.encodeSync(PacerSnapshotSchema)
export const toError = Schema.encodeSync(ErrorSchema.OutcomeUnknownError)
export const toAnyError = Schema.encodeSync(ErrorSchema.AelystError)
export const toResult = Schema.encodeSync(CreateResultSchema)
export const [, badGateway] = AelystHttpErrors
export const contract = { AelystApi, createContact }
`

describe("the types of core's schemas", () => {
  it("are named by the declarations of other packages, which do not repeat them", async () => {
    const folder = folderOf("named-types")
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "library.ts"), library)
    const emitted = { declaration: true, noEmit: false, emitDeclarationOnly: true, outDir: "types" }
    expect(await compile(folder, emitted)).toBe("")
    const declarations = readFileSync(join(folder, "types", "library.d.ts"), "utf8")
    const [stored = ""] = /const Stored: [^]+?\n}>;/.exec(declarations) ?? []
    expect(stored.match(/Struct</g)).toStrictEqual(["Struct<"])
  })
})
