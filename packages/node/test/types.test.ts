import { readFileSync } from "node:fs"

import type * as Core from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { expectTypeOf } from "vitest"

import type {
  AelystError,
  AelystOptions,
  ContactInput,
  Contacts,
  ConfigurationError,
  CreateManyOptions,
  SharedRateLimitStore,
  CreateOptions,
  CreatePromise,
  CreateResult,
  Identifier,
  RateLimitSnapshot,
  Row,
  RowResult,
  Run,
  RunEnd,
  RunProgress,
  RunSummary,
  TryCreateResult,
  WireContact,
} from "../src/index.ts"
import * as Package from "../src/index.ts"

const { Aelyst, RateLimitError, customFields, isAelystError } = Package

const narrow = (error: unknown) => {
  if (error instanceof RateLimitError) {
    expectTypeOf(error.name).toEqualTypeOf<"RateLimitError">()
    expectTypeOf(error.retryAfterMs).toEqualTypeOf<number | undefined>()
    if (error.retryAfterMs !== undefined) {
      expectTypeOf(error.retryAfterMs).toEqualTypeOf<number>()
    }
    return error.status
  }
  if (!isAelystError(error)) return undefined
  switch (error.name) {
    case "InvalidContactError":
      expectTypeOf(error.issues[0]?.path).toEqualTypeOf<
        ReadonlyArray<string | number> | undefined
      >()
      return undefined
    case "BadRequestError":
      expectTypeOf(error.exists).toEqualTypeOf<boolean>()
      return error.status
    case "OutcomeUnknownError":
      expectTypeOf(error.outcome).toEqualTypeOf<"unknown">()
      return undefined
    default:
      return "status" in error ? error.status : undefined
  }
}

const of = (tried: TryCreateResult) => {
  if (tried.ok) return tried.value.result
  if (tried.aborted) {
    expectTypeOf(tried.error).toEqualTypeOf<unknown>()
    return tried.outcome
  }
  expectTypeOf(tried.error).toEqualTypeOf<AelystError>()
  return tried.error.outcome
}

const row = (result: RowResult) => {
  if ("error" in result) expectTypeOf(result.error).toEqualTypeOf<AelystError>()
  if (result.outcome === "invalid") {
    expectTypeOf(result.error).toEqualTypeOf<Package.InvalidContactError>()
  }
  if (result.outcome === "unknown") {
    expectTypeOf(result.error).toEqualTypeOf<
      Package.InternalServerError | Package.OutcomeUnknownError | Package.UnexpectedResponseError
    >()
  }
  if (result.outcome === "created") {
    expectTypeOf(result.value).toEqualTypeOf<CreateResult>()
  }
  return result.index
}

const exported = (
  "AelystError AelystErrorMembers AelystOptions Allowance AttemptGate AttemptRecord " +
  "ConfigurationError " +
  "ContactInput Contacts CreateManyOptions CreateOptions CreatePromise " +
  "CreateResult CustomFieldCatalogue CustomFieldDeclaration CustomFieldDefinition CustomFieldPairs " +
  "CallOutcome ClientMetrics CustomFieldRecord CustomFieldType CustomFieldValue CustomFieldsOf Delivery " +
  "ErrorClass FieldMatch GatedAttempt Hooks Identifier IdentifierInput IdentifierKind " +
  "Issue LogLine Outcome OutcomeEvent RateLimitInfo " +
  "RateLimitSnapshot ResponseHead Row RowOutcome RowResult " +
  "Run RunEnd RunProgress RunSummary SharedConnection SharedRateLimitStore Stopped TryCreateResult UndiciDispatcher UnreportedRow " +
  "ValidationResult VisitorResponse WaitEvent WireContact WithResponse"
).split(" ")

const aelyst = () => new Aelyst({ token: "token-for-tests" })

describe("the package", () => {
  it("exports these values and no others", () => {
    assert.deepStrictEqual(Object.keys(Package).toSorted(), [
      "Aelyst",
      "AuthenticationError",
      "BadRequestError",
      "ConnectionError",
      "InternalServerError",
      "InvalidContactError",
      "OutcomeUnknownError",
      "RateLimitError",
      "UnavailableError",
      "UnexpectedResponseError",
      "contactId",
      "customFields",
      "email",
      "identifierKind",
      "isAelystError",
      "matchField",
      "parsePhone",
      "phone",
      "visitorResponse",
      "visitorTable",
    ])
  })
})

describe("the public types", () => {
  it("have these options and no others", () => {
    expectTypeOf<keyof AelystOptions>().toEqualTypeOf<
      | "token"
      | "baseUrl"
      | "defaultCountry"
      | "timeoutMs"
      | "deadlineMs"
      | "retries"
      | "delivery"
      | "maxWaitMs"
      | "doubtDelayMs"
      | "settleMs"
      | "maxQueue"
      | "rateLimit"
      | "proxy"
      | "transport"
      | "hooks"
      | "logger"
      | "customFields"
      | "fill"
      | "encodePlus"
      | "exists"
    >()
    expectTypeOf<keyof CreateOptions>().toEqualTypeOf<
      | "signal"
      | "retries"
      | "timeoutMs"
      | "deadlineMs"
      | "maxWaitMs"
      | "delivery"
      | "existing"
      | "settleMs"
      | "headers"
      | "doubt"
      | "gate"
    >()
    expectTypeOf<keyof CreateManyOptions>().toEqualTypeOf<
      | "signal"
      | "concurrency"
      | "ordered"
      | "delivery"
      | "retries"
      | "timeoutMs"
      | "deadlineMs"
      | "maxWaitMs"
      | "giveUpAfterMs"
      | "maxErrors"
      | "onProgress"
      | "gate"
    >()
    expectTypeOf<AelystOptions["rateLimit"]>().toEqualTypeOf<
      | "adaptive"
      | { readonly perSecond: number }
      | { readonly shared: SharedRateLimitStore; readonly perSecond?: number | undefined }
      | false
      | undefined
    >()
  })

  it("have these members and no others", () => {
    expectTypeOf<keyof ReturnType<typeof aelyst>>().toEqualTypeOf<
      "contacts" | "defaultCountry" | "rateLimit" | "metrics" | "close" | typeof Symbol.asyncDispose
    >()
    expectTypeOf<keyof Contacts>().toEqualTypeOf<
      "create" | "tryCreate" | "createMany" | "prepare" | "validate"
    >()
    expectTypeOf<Exclude<keyof CreatePromise, keyof Promise<unknown>>>().toEqualTypeOf<
      "withResponse" | "outcome"
    >()
    expectTypeOf<keyof CreateResult>().toEqualTypeOf<
      "identifier" | "result" | "message" | "attempts" | "rateLimit" | "settledAt"
    >()
    expectTypeOf<Exclude<keyof AelystError, keyof Error>>().toEqualTypeOf<
      | "_tag"
      | "outcome"
      | "attempts"
      | "isRetryable"
      | "retryAfterMs"
      | "apiMessage"
      | "rateLimit"
      | "response"
      | "docs"
    >()
    expectTypeOf<Exclude<keyof RunProgress, keyof RunSummary>>().toEqualTypeOf<"waitingMs">()
  })

  it("are exported by these names", () => {
    const source = readFileSync(new URL("../src/index.ts", import.meta.url), "utf8")
    const names = [...source.matchAll(/export type \{([^}]*)\}/g)].flatMap(([, list = ""]) =>
      list.split(",").map((name) => name.trim()),
    )
    assert.deepStrictEqual(names.filter((name) => name !== "").toSorted(), exported.toSorted())
  })
})

describe("the types of errors", () => {
  it("are those of core's errors, without Effect's part", () => {
    expectTypeOf<Core.AelystError>().toExtend<AelystError>()
    expectTypeOf<Core.BadRequestError>().toExtend<Package.BadRequestError>()
    expectTypeOf<Core.OutcomeUnknownError>().toExtend<Package.OutcomeUnknownError>()
    expectTypeOf<Core.ConfigurationError>().toExtend<ConfigurationError>()
    expectTypeOf<AelystError["name"]>().toEqualTypeOf<Core.ErrorTag>()
    // a field that core has and the public type lacks would be missed above
    type Extra = {
      [Name in Core.ErrorTag]: Exclude<
        keyof Extract<Core.AelystError, { readonly _tag: Name }>,
        | keyof Extract<AelystError, { readonly name: Name }>
        | "retryAfter"
        | "pipe"
        | "toJSON"
        | "toString"
        | "asEffect"
        | `~effect/${string}`
        | symbol
      >
    }[Core.ErrorTag]
    expectTypeOf<Extra>().toBeNever()
  })

  it("narrow by name, by class and by guard", () => {
    expectTypeOf(narrow).returns.toEqualTypeOf<number | undefined>()
  })
})

describe("the types of calls", () => {
  it("take identifiers with their prefix and contacts with known fields", () => {
    expectTypeOf(Package.email).returns.toEqualTypeOf<Identifier>()
    void (() => aelyst().contacts.create("email:a@b.c", { firstName: "Ana", lastName: null }))
    // @ts-expect-error a bare address
    void (() => aelyst().contacts.create("a@b.c", { firstName: "Ana" }))
    // @ts-expect-error an unknown field
    void (() => aelyst().contacts.create("id:5", { firstName: "Ana", emial: "x" }))
    // @ts-expect-error no first name
    void (() => aelyst().contacts.create("id:5", {}))
    // @ts-expect-error a name without its unit
    void (() => aelyst().contacts.create("id:5", { firstName: "Ana" }, { timeout: 5 }))
    // @ts-expect-error an unknown option
    void (() => new Aelyst({ maxRetries: 3 }))
    expectTypeOf<ReturnType<typeof aelyst>["rateLimit"]>().toEqualTypeOf<RateLimitSnapshot>()
    expectTypeOf<Row["contact"]>().toEqualTypeOf<ContactInput>()
  })

  it("take and give what core does, since they are the same types", () => {
    expectTypeOf<Core.Validated["payload"]>().toExtend<WireContact>()
    expectTypeOf<Core.Identifier.Identifier>().toEqualTypeOf<Identifier>()
    expectTypeOf<Core.CreateResult>().toExtend<Omit<CreateResult, "settledAt">>()
    expectTypeOf<Core.Row>().toEqualTypeOf<Row>()
  })

  it("know the custom fields of a catalogue", () => {
    const fields = customFields.define({
      Age: "number",
      Member: { type: "checkbox" },
      Tier: { type: "list", options: ["Gold", "Silver"] },
    })
    assert.deepStrictEqual(
      fields.fields.map(({ name, type }) => [name, type]),
      [
        ["Age", "number"],
        ["Member", "checkbox"],
        ["Tier", "list"],
      ],
    )
    const typed = () => new Aelyst({ token: "token-for-tests", customFields: fields })
    void (() =>
      typed().contacts.create("id:5", {
        firstName: "Ana",
        customFields: { Age: 5, Member: true, Tier: "Gold" },
      }))
    void (() =>
      // @ts-expect-error no option of the list
      typed().contacts.create("id:5", { firstName: "Ana", customFields: { Tier: "Bronze" } }))
    void (() =>
      typed().contacts.createMany([
        { identifier: "id:5", contact: { firstName: "Ana", customFields: { Tier: "Gold" } } },
      ]))
    void (() =>
      typed().contacts.createMany(
        // @ts-expect-error no option of the list
        [{ identifier: "id:5", contact: { firstName: "Ana", customFields: { Tier: "Bronze" } } }],
      ))
    void (() =>
      // @ts-expect-error a name that is not in the catalogue
      typed().contacts.create("id:5", { firstName: "Ana", customFields: { Teir: "Gold" } }))
    void (() =>
      // @ts-expect-error a number as text
      typed().contacts.create("id:5", { firstName: "Ana", customFields: { Age: "5" } }))
  })

  it("give each result the type of its row", () => {
    const at = { identifier: "id:5", contact: { firstName: "Ana" }, rowNumber: 7 }
    async function* source() {
      yield at
    }
    for (const many of [
      () => aelyst().contacts.createMany([at]),
      () => aelyst().contacts.createMany(source()),
      () => aelyst().contacts.createMany(new ReadableStream<typeof at>()),
    ]) {
      expectTypeOf(many).returns.toEqualTypeOf<Run<typeof at>>()
    }
    expectTypeOf<RowResult<typeof at>["row"]["rowNumber"]>().toEqualTypeOf<number>()
    expectTypeOf<RunEnd<typeof at>["unreported"][number]["row"]>().toEqualTypeOf<typeof at>()
    void (() =>
      // @ts-expect-error an unknown field
      aelyst().contacts.createMany([{ ...at, contact: { firstName: "Ana", emial: "x" } }]))
    // @ts-expect-error no first name
    void (() => aelyst().contacts.createMany([{ ...at, contact: {} }]))
  })

  it("tell results apart", () => {
    expectTypeOf<CreatePromise>().resolves.toEqualTypeOf<CreateResult>()
    expectTypeOf(of).returns.toEqualTypeOf<
      "created" | "exists_after_doubt" | "existed" | "not_sent" | "rejected" | "unknown"
    >()
    expectTypeOf(row).returns.toEqualTypeOf<number>()
  })
})
