/**
 * Tests the telemetry that a collector receives: the README's example against an OTLP receiver, and every kind of response
 * with a recognisable contact and token.
 */
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import type { ClientOptions } from "@aelyst/core"
import { AelystClient, createMany, layer as layerClient, Metrics } from "@aelyst/core"
import { layerTransport } from "@aelyst/node/effect"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"

import type { OtlpReceiver, Span } from "../src/telemetry/OtlpReceiver.ts"
import * as Receiver from "../src/telemetry/OtlpReceiver.ts"

const scoped = <A extends AsyncDisposable>(start: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(start), (running) =>
    Effect.promise(async () => running[Symbol.asyncDispose]()),
  )

const sandboxOf = () =>
  scoped(() =>
    Sandbox.start({ limit: 10_000, extraTokens: { "canary-token-5f1e9a": { limit: 10_000 } } }),
  )

const attributeNames = {
  "AelystClient.create": [
    "aelyst.attempts",
    "aelyst.identifier.kind",
    "aelyst.outcome",
    "error.type",
    "http.request.method",
    "url.template",
  ],
  "AelystClient.attempt": [
    "aelyst.attempt",
    "aelyst.outcome",
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "url.template",
  ],
}

/** Returns the spans of one name, in order of arrival. */
const named = (receiver: OtlpReceiver, name: keyof typeof attributeNames): ReadonlyArray<Span> =>
  receiver.spans().filter((span) => span.name === name)

/** Counts the points of one metric by the value of one attribute. */
const countsOf = (receiver: OtlpReceiver, name: string, attribute: string) =>
  Object.fromEntries(
    receiver
      .points()
      .filter((point) => point.name === name && point.count > 0)
      .map(({ attributes, count }) => [attributes[attribute], count]),
  )

const traceparents = (sandbox: Sandbox) =>
  sandbox.requests().map(({ headers }) => headers["traceparent"])

/** Runs the one example of a page that exports telemetry, in another process. */
const runExample = (page: string, receiver: OtlpReceiver, sandbox: Sandbox) => {
  const file = fileURLToPath(new URL(`../../../${page}`, import.meta.url))
  const [code = "", ...others] = [...readFileSync(file, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, text = ""]) => text)
    .filter((text) => text.includes("effect/observability"))
  assert.strictEqual(others.length, 0)
  return Effect.promise(() =>
    promisify(execFile)(process.execPath, ["--input-type=module-typescript", "--eval", code], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      timeout: 100_000,
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        AELYST_BASE_URL: sandbox.baseUrl,
        AELYST_TOKEN: sandbox.tokens.ok,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.origin,
      },
    }),
  )
}

describe("the Effect page's example", () => {
  it.live("logs each attempt, and sends nothing about the contact", () =>
    Effect.gen(function* () {
      const receiver = yield* scoped(Receiver.start)
      const sandbox = yield* sandboxOf()
      const { stdout } = yield* runExample("docs/effect.md", receiver, sandbox)
      assert.deepStrictEqual(stdout.match(/responded with \d+/g), [
        "responded with 429",
        "responded with 200",
      ])
      assert.deepStrictEqual(
        receiver
          .spans()
          .map(({ name }) => name)
          .toSorted(),
        ["AelystClient.attempt", "AelystClient.attempt", "AelystClient.create", "signup"],
      )
      assert.notInclude(JSON.stringify(receiver.spans()), "sandbox.test")
      assert.deepStrictEqual(traceparents(sandbox), [undefined, undefined])
    }),
  )
})

describe("the README's example", () => {
  it.live("sends a span per create, a child per attempt, and metrics", () =>
    Effect.gen(function* () {
      const receiver = yield* scoped(Receiver.start)
      const sandbox = yield* sandboxOf()
      sandbox.fail({ status: 429, retryAfter: 0, times: 1 })
      yield* runExample("packages/core/README.md", receiver, sandbox)

      const [signup] = receiver.spans().filter(({ name }) => name === "signup")
      const [create, ...more] = named(receiver, "AelystClient.create")
      const attempts = named(receiver, "AelystClient.attempt")
      assert(create !== undefined)
      assert.strictEqual(more.length, 0)
      assert.strictEqual(receiver.spans().length, 4)
      assert.strictEqual(create.parentSpanId, signup?.spanId)
      assert.deepStrictEqual(create.attributes, {
        "http.request.method": "POST",
        "url.template": "/contact/{identifier}",
        "aelyst.identifier.kind": "email",
        "aelyst.outcome": "created",
        "aelyst.attempts": 2,
      })
      assert.deepStrictEqual(
        attempts.map(({ attributes, kind, parentSpanId, status, traceId }) => ({
          attributes,
          kind,
          status,
          isChild: parentSpanId === create.spanId && traceId === create.traceId,
        })),
        [
          {
            attributes: {
              "http.request.method": "POST",
              "url.template": "/contact/{identifier}",
              "aelyst.attempt": 1,
              "aelyst.outcome": "rejected",
              "http.response.status_code": 429,
              "error.type": "429",
            },
            kind: 3,
            status: 2,
            isChild: true,
          },
          {
            attributes: {
              "http.request.method": "POST",
              "url.template": "/contact/{identifier}",
              "aelyst.attempt": 2,
              "aelyst.outcome": "created",
              "http.response.status_code": 200,
            },
            kind: 3,
            status: 1,
            isChild: true,
          },
        ],
      )
      assert.deepStrictEqual(countsOf(receiver, "aelyst_attempts_total", "outcome"), {
        created: 1,
        rejected: 1,
      })
      assert.deepStrictEqual(countsOf(receiver, "aelyst_wait_milliseconds", "reason"), { queue: 2 })
      const [refusals] = receiver
        .points()
        .filter(({ name }) => name === "aelyst_rate_limited_total")
      assert.strictEqual(refusals?.count, 1)

      assert.deepStrictEqual(traceparents(sandbox), [undefined, undefined])
      for (const payload of receiver.payloads) {
        for (const secret of ["ana@", "ana%40", "Ana", sandbox.tokens.ok, sandbox.origin]) {
          assert.notInclude(payload, secret)
        }
      }
    }),
  )
})

const token = "canary-token-5f1e9a"
const person = {
  firstName: "Canary-Given-7c21",
  lastName: "Canary-Family-7c22",
  phone: "+60198765432",
  email: "canary-inbox-7c23@example.com",
  profilePic: "https://example.com/canary-face-7c24.png",
  customFields: {
    "Company Website": "https://canary-7c25.example.com",
    Seats: 735_197_735_197_735,
  },
}
const identifiers = [
  "email:canary-7c26@example.com",
  "phone:+60123987654",
  "id:canary-7c27",
  "canary-7c28",
]
const secrets = [
  token,
  "canary",
  "Canary",
  "60198765432",
  "60123987654",
  "735197735197735",
  "/v1",
  "contact/c",
]

/** Runs an effect with a client and a collector, as an app would. */
const play = (
  sandbox: Sandbox,
  receiver: OtlpReceiver,
  options: ClientOptions,
  use: Effect.Effect<void, never, AelystClient>,
) => {
  const { baseUrl } = sandbox
  const client = layerClient({ baseUrl, token: Redacted.make(token), ...options })
  const telemetry = Layer.merge(
    Metrics.layer,
    Otlp.layerJson({
      baseUrl: receiver.origin,
      resource: { serviceName: "test" },
      loggerMergeWithExisting: false,
    }),
  )
  return use.pipe(
    Effect.provide(Layer.provide(client, layerTransport({ baseUrl }))),
    Effect.withSpan("caller"),
    Effect.provide(Layer.provide(telemetry, FetchHttpClient.layer)),
    Effect.orDie,
  )
}

describe("every kind of response", () => {
  const faults: Readonly<Record<string, string>> = {
    "200": "201",
    "400 with the contact in its message": "400",
    "401": "401",
    "403": "403",
    "429 with a long wait": "429-7200s-x1",
    "500 after the commit": "500-after-x1",
    "502 with an HTML page": "html-502",
    "a redirect": "302",
    "a lost response": "drop-x1",
    "a truncated response": "truncate-length-x1",
    garbage: "garbage-x1",
    "a portal": "portal",
  }

  for (const propagateTrace of [false, true]) {
    it.live(
      `sends a collector nothing about the contact, the URL or the token (propagateTrace ${propagateTrace})`,
      () =>
        Effect.gen(function* () {
          const receiver = yield* scoped(Receiver.start)
          const sandbox = yield* sandboxOf()
          const all = Object.values(faults)
          const total = all.length * identifiers.length
          yield* play(
            sandbox,
            receiver,
            { propagateTrace, retries: 0 },
            Effect.gen(function* () {
              const client = yield* AelystClient
              for (const preset of all) {
                sandbox.clearFaults()
                sandbox.fail({
                  preset,
                  ...(preset === "400" && {
                    body: { code: 400, message: `${person.email} ${identifiers.join()} ${token}` },
                  }),
                  ...(preset === "302" && { location: `/v1/contact/${identifiers[0]}` }),
                })
                for (const identifier of identifiers) {
                  yield* client.create(identifier, person).pipe(
                    Effect.tapCause((cause) => Effect.logError("a create failed", cause)),
                    Effect.ignore,
                  )
                }
                sandbox.clearFaults()
                // keeps the circuit closed
                yield* Effect.ignore(client.create("id:between", { firstName: "Between" }))
              }
              // an invalid identifier, found before any request
              yield* Effect.ignore(client.create("canary-7c29@example.com", person))
              // the server is down
              yield* Effect.promise(() => sandbox.close())
              yield* Effect.ignore(client.create("id:canary-7c30", person))
            }),
          )
          const creates = named(receiver, "AelystClient.create")
          const attempts = named(receiver, "AelystClient.attempt")
          assert.strictEqual(creates.length, total + all.length + 1)
          assert.strictEqual(attempts.length, sandbox.requests().length + 1)
          const parents = new Map(creates.map((span) => [span.spanId, span]))
          for (const span of attempts) {
            assert.strictEqual(parents.get(span.parentSpanId ?? "")?.traceId, span.traceId)
          }
          for (const span of [...creates, ...attempts]) {
            assert.includeMembers(
              span.name === "AelystClient.create"
                ? attributeNames["AelystClient.create"]
                : attributeNames["AelystClient.attempt"],
              Object.keys(span.attributes),
            )
          }
          for (const { attributes, status } of attempts) {
            const code = Number(attributes["http.response.status_code"] ?? 0)
            const isError = attributes["aelyst.outcome"] !== "created"
            assert.deepStrictEqual([status, "error.type" in attributes], [isError ? 2 : 1, isError])
            if (code >= 400) assert.strictEqual(attributes["error.type"], String(code))
          }
          for (const { attributes, status } of creates) {
            const isError = attributes["aelyst.outcome"] !== "created"
            assert.strictEqual(status, isError ? 2 : 1)
            if (isError) assert.match(String(attributes["error.type"]), /^[A-Za-z]+Error$/)
          }
          assert.deepStrictEqual(
            [...new Set(creates.map(({ attributes }) => attributes["aelyst.outcome"]))].toSorted(),
            ["created", "not_sent", "rejected", "unknown"],
          )
          assert.deepStrictEqual(
            [...new Set(receiver.spans().map(({ name }) => name))].toSorted(),
            ["AelystClient.attempt", "AelystClient.create", "caller"],
          )
          // traces, metrics and logs: everything that a collector gets
          const paths = new Set(receiver.payloads.map((text) => text.split("\n")[0]))
          assert.deepStrictEqual([...paths].toSorted(), ["/v1/logs", "/v1/metrics", "/v1/traces"])
          for (const payload of receiver.payloads) {
            const text = payload.slice(payload.indexOf("\n"))
            for (const secret of [...secrets, `:${new URL(sandbox.origin).port}`]) {
              assert.notInclude(text, secret)
            }
          }
          const sent = traceparents(sandbox)
          if (!propagateTrace) {
            assert.isTrue(sent.every((header) => header === undefined))
          } else {
            assert.sameMembers(
              [...sent],
              attempts.slice(0, -1).map(({ spanId, traceId }) => `00-${traceId}-${spanId}-01`),
            )
          }
        }),
    )
  }

  it.live("creates a span for each row of a run, below the span of the run", () =>
    Effect.gen(function* () {
      const receiver = yield* scoped(Receiver.start)
      const sandbox = yield* sandboxOf()
      yield* play(
        sandbox,
        receiver,
        {},
        Effect.gen(function* () {
          const rows = identifiers.map((identifier) => ({ identifier, contact: person }))
          const run = yield* createMany(Stream.fromIterable(rows))
          yield* Stream.runForEach(run.results, ({ index, outcome: state }) =>
            Effect.logInfo("a row ended", index, state),
          )
        }),
      )
      const [caller] = receiver.spans().filter(({ name }) => name === "caller")
      const creates = named(receiver, "AelystClient.create")
      assert.deepStrictEqual(
        creates.map(({ parentSpanId }) => parentSpanId),
        identifiers.map(() => caller?.spanId),
      )
      assert.deepStrictEqual(
        creates.map(({ attributes }) => attributes["aelyst.identifier.kind"]).toSorted(),
        ["email", "id", "id", "phone"],
      )
      assert.strictEqual(named(receiver, "AelystClient.attempt").length, identifiers.length)
      for (const payload of receiver.payloads) {
        for (const secret of secrets)
          assert.notInclude(payload.slice(payload.indexOf("\n")), secret)
      }
    }),
  )
})
