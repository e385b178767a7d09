import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import { isFollowed } from "../src/call/Redirect.ts"

const json = '{"code":"200","message":"Contact added successfully!"}'

/** Creates a transport whose server redirects the contact, and creates whatever else it is asked for. */
const redirecting = (status: number, location: string) => {
  const received: Array<string> = []
  const transport = HttpClient.make((request, url) =>
    Effect.sync(() => {
      received.push(`${request.method} ${url.pathname}`)
      const response =
        received.length === 1
          ? new Response(null, { status, headers: { location } })
          : new Response(json)
      return HttpClientResponse.fromWeb(request, response)
    }),
  )
  return { received, transport }
}

const create = (http: HttpClient.HttpClient) =>
  AelystClient.make({ token: Redacted.make("token-for-tests"), retries: 0 }).pipe(
    Effect.provideService(HttpClient.HttpClient, http),
    Effect.flatMap((client) => client.create("id:5", { firstName: "Ana" })),
  )

describe("isFollowed", () => {
  for (const [status, location, second] of [
    [301, "/elsewhere", "GET /elsewhere"],
    [302, "/elsewhere", "GET /elsewhere"],
    [302, "/v1/contact/id:5", "GET /v1/contact/id:5"],
    [303, "/elsewhere", "GET /elsewhere"],
    [307, "/elsewhere", "POST /elsewhere"],
    [308, "https://other.test/v1/contact/id:5", "POST /v1/contact/id:5"],
  ] as const) {
    it.effect(`trusts no 200 after a ${status} to ${location} that followRedirects followed`, () =>
      Effect.gen(function* () {
        const { received, transport } = redirecting(status, location)
        const error = yield* Effect.flip(create(HttpClient.followRedirects(transport, 3)))
        assert.deepStrictEqual(received, ["POST /v1/contact/id:5", second])
        assert(error._tag === "UnexpectedResponseError")
        assert.deepStrictEqual([error.reason, error.outcome], ["redirect", "unknown"])
      }),
    )
  }

  const responds = HttpClient.make((request) =>
    Effect.succeed(HttpClientResponse.fromWeb(request, new Response(json))),
  )
  for (const [what, change] of [
    [
      "sends it to another base URL",
      HttpClient.mapRequest(HttpClientRequest.setUrl("https://gateway.test/to?a=1#b")),
    ],
    ["adds parameters", HttpClient.mapRequest(HttpClientRequest.setUrlParam("key", "a b"))],
    [
      "changes it below another client",
      (http: HttpClient.HttpClient) =>
        http.pipe(
          HttpClient.mapRequest(HttpClientRequest.setUrlParam("key", "1")),
          HttpClient.followRedirects(3),
          HttpClient.tap(() => Effect.void),
          HttpClient.mapRequestInput(HttpClientRequest.setHeader("x-tenant", "1")),
        ),
    ],
  ] as const) {
    it.effect(`takes a client that ${what} for no redirect`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* create(change(responds))).result, "created")
      }),
    )
  }

  it("compares the URL of the response with the one that was sent, without its hash", () => {
    const sent = HttpClientRequest.post("HTTPS://API.test/contact/id:5#part")
    const response = HttpClientResponse.fromWeb(sent, new Response(json))
    const at = (url: string) => Object.create(response, { url: { value: url } })
    assert.isTrue(Option.isSome(HttpClientResponse.toWeb(response)))
    for (const [url, isOther] of [
      ["", false],
      ["https://api.test/contact/id:5", false],
      ["https://api.test/contact/id:6", true],
      ["https://other.test/contact/id:5", true],
    ] as const) {
      assert.strictEqual(isFollowed(at(url), sent), isOther, url)
    }
  })
})
