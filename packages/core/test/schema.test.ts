import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"

import * as Main from "../src/index.ts"
import * as Schemas from "../src/schema.ts"
import { catalogue } from "./contacts.ts"

describe("@aelyst/core/schema", () => {
  it("has no name of the main entry", () => {
    const main = new Set(Object.keys(Main))
    assert.deepStrictEqual(
      Object.keys(Schemas).filter((name) => main.has(name)),
      [],
    )
  })

  it("gives the schemas of an HttpApi their names in its OpenAPI document", () => {
    const create = HttpApiEndpoint.post("create", "/create/:identifier", {
      params: { identifier: Schemas.IdentifierSchema.FromString },
      payload: Schema.Struct({
        contact: Schemas.ContactSchema,
        fields: Schemas.CustomFieldSchema.make(catalogue),
      }),
      success: [Schemas.CreateResultSchema, Schemas.RowResultSchema, Schemas.RunSummarySchema],
      error: [Schemas.ErrorSchema.RateLimitError, Schemas.ErrorSchema.InvalidContactError],
    })
    const state = HttpApiEndpoint.get("state", "/state", { success: Schemas.PacerSnapshotSchema })
    const group = HttpApiGroup.make("contacts").add(create, state)
    const { components } = OpenApi.fromApi(HttpApi.make("app").add(group))
    assert.includeMembers(Object.keys(components.schemas), [
      "AttemptRecord",
      "ContactInput",
      "CreateResult",
      "CustomFields",
      "InvalidContactError",
      "Issue",
      "PacerSnapshot",
      "RateLimitError",
      "RowResult",
      "RunSummary",
    ])
    assert.isTrue(Object.keys(components.schemas).every((name) => !/\d|Encoded/.test(name)))
  })
})
