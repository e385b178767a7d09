/**
 * Compares the sandbox with the contract: the sandbox and a server derived from `AelystApi` by `HttpApiBuilder` must give
 * the same request the same status, the same documented headers, and a body of the same shape.
 */
import { Identifier } from "@aelyst/core"
import {
  AelystApi,
  Authorization,
  BadRequest,
  InternalError,
  TooManyRequests,
  Unauthorized,
} from "@aelyst/core/contract"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApiBuilder, HttpApiMiddleware, HttpApiSchema } from "effect/http-api"

/** Maps decoding errors to the documented 400, which the contract leaves to the server. */
class InvalidRequest extends HttpApiMiddleware.Service<InvalidRequest>()(
  "conformance/InvalidRequest",
  {
    error: BadRequest,
  },
) {}

const InvalidRequestLive = HttpApiMiddleware.layerSchemaErrorTransform(InvalidRequest, () =>
  Effect.fail(new BadRequest()),
)

const AuthorizationLive = Layer.succeed(Authorization, {
  bearer: (effect, { credential }) =>
    Redacted.value(credential) === "sandbox_ok" ? effect : Effect.fail(new Unauthorized()),
})

interface Policy {
  /** The status that a valid request fails with. */
  readonly failure?: 429 | 500
}

/** Creates a server with the decoders, codes and headers of the contract. */
const serve = (policy: Policy) => {
  const api = AelystApi.middleware(InvalidRequest)
  const contacts = HttpApiBuilder.group(api, "contacts", (handlers) =>
    handlers.handle("createContact", ({ params }) =>
      Effect.gen(function* () {
        if (policy.failure === 429)
          return yield* new TooManyRequests({ retryAfter: 1, limit: 10, remaining: 0 })
        if (policy.failure === 500) return yield* new InternalError()
        if (Result.isFailure(Identifier.parse(params.identifier))) return yield* new BadRequest()
        return HttpApiSchema.withHeaders({
          body: { code: "200", message: "Contact added successfully!" } as const,
          headers: { "x-ratelimit-limit": 10, "x-ratelimit-remaining": 9 },
        })
      }),
    ),
  )
  const layer = HttpApiBuilder.layer(api).pipe(
    Layer.provide(contacts),
    Layer.provide([AuthorizationLive, InvalidRequestLive]),
    Layer.provide(HttpServer.layerServices),
  )
  return HttpRouter.toWebHandler(layer, { disableLogger: true })
}

interface Case {
  readonly name: string
  readonly identifier?: string
  readonly authorization?: string | null
  readonly contentType?: string
  readonly body?: string
  readonly failure?: 429 | 500
  readonly status: number
}

const valid = JSON.stringify({
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
})

const invalid = (name: string, value: unknown): Case => ({
  name,
  body: typeof value === "string" ? value : JSON.stringify(value),
  status: 400,
})

const cases: ReadonlyArray<Case> = [
  { name: "the page's own example", body: valid, status: 200 },
  { name: "the shortest contact", body: '{"firstName":"A"}', status: 200 },
  { name: "an unknown member", body: '{"firstName":"A","nickname":"B"}', status: 200 },
  { name: "an email", identifier: "email:abdc@gmail.com", status: 200 },
  { name: "an encoded email", identifier: "email%3Aabdc%40gmail.com", status: 200 },
  { name: "a phone", identifier: "phone:+60121233112", status: 200 },
  { name: "a contact id with a slash", identifier: "id:a%2Fb", status: 200 },
  { name: "a phone without its country", identifier: "phone:0121233112", status: 400 },
  { name: "an email without its domain", identifier: "email:abdc", status: 400 },
  { name: "a bare email", identifier: "abdc@gmail.com", status: 400 },
  { name: "a double prefix", identifier: "email:email:a@b.co", status: 400 },
  invalid("no firstName", {}),
  invalid("a blank firstName", { firstName: " " }),
  invalid("a number as firstName", { firstName: 1 }),
  invalid("null for an optional member", { firstName: "A", email: null }),
  invalid("an invalid phone", { firstName: "A", phone: "123" }),
  invalid("an invalid email", { firstName: "A", email: "a" }),
  invalid("an invalid language", { firstName: "A", language: "malay?" }),
  invalid("a picture without a scheme", { firstName: "A", profilePic: "a.png" }),
  invalid("a country in lower case", { firstName: "A", countryCode: "my" }),
  invalid("an object as custom fields", { firstName: "A", custom_fields: {} }),
  invalid("a custom field without a name", { firstName: "A", custom_fields: [{ value: "x" }] }),
  invalid("a repeated custom field", {
    firstName: "A",
    custom_fields: [{ name: "x" }, { name: "x" }],
  }),
  invalid("an object as the value of a custom field", {
    firstName: "A",
    custom_fields: [{ name: "x", value: {} }],
  }),
  invalid("an array", []),
  invalid("null", "null"),
  invalid("truncated JSON", '{"firstName":'),
  { name: "text", contentType: "text/plain", status: 415 },
  { name: "no token", authorization: null, status: 401 },
  { name: "another token", authorization: "Bearer another", status: 401 },
  { name: "another scheme", authorization: "Basic sandbox_ok", status: 401 },
  { name: "no token and no JSON", authorization: null, body: "{", status: 401 },
  { name: "a rate limit", failure: 429, status: 429 },
  { name: "an unexpected error", failure: 500, status: 500 },
  { name: "no identifier", identifier: "", status: 404 },
  { name: "two segments", identifier: "a/b", status: 404 },
]

const requestOf = (origin: string, path: string, given: Case): Request =>
  new Request(`${origin}${path}/contact/${given.identifier ?? "example"}`, {
    method: "POST",
    headers: {
      "content-type": given.contentType ?? "application/json",
      ...(given.authorization !== null && {
        authorization: given.authorization ?? "Bearer sandbox_ok",
      }),
    },
    body: given.body ?? valid,
  })

/** Returns the type of every member, and the value of `code`, so that `"200"` and 200 differ and texts may differ. */
const shapeOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([name, member]) => [
          name,
          name === "code" ? member : typeof member,
        ]),
      )
    : typeof value

const documented = ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining"]

const describeResponse = async (response: Response, withRateLimit: boolean) => ({
  status: response.status,
  // statuses that are not documented have no documented body
  ...([200, 400, 401, 429, 500].includes(response.status) && {
    type: response.headers.get("content-type"),
    body: shapeOf(await response.json()),
    headers: documented.filter(
      (name) => response.headers.has(name) && (withRateLimit || name === "retry-after"),
    ),
  }),
})

const derive = async (given: Case, withRateLimit: boolean) => {
  const { dispose, handler } = serve(given.failure === undefined ? {} : { failure: given.failure })
  try {
    return await describeResponse(
      await handler(requestOf("http://127.0.0.1", "", given)),
      withRateLimit,
    )
  } finally {
    await dispose()
  }
}

describe("the sandbox and the server of the contract", () => {
  it.each(cases)("respond alike to $name ($status)", async (given) => {
    await using sandbox = await Sandbox.start({ clock: "virtual", limit: 10 })
    if (given.failure === 500) sandbox.fail("500")
    if (given.failure === 429) sandbox.configure({ limit: 0 })
    // the contract's headers are optional: its server sends the rate limit only if the handler sets it
    const withRateLimit = given.status === 200 || given.status === 429
    const response = await describeResponse(
      await fetch(requestOf(sandbox.origin, "/v1", given)),
      withRateLimit,
    )
    assert.strictEqual(response.status, given.status)
    assert.deepStrictEqual(response, await derive(given, withRateLimit))
  })
})
