import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Effect,
  Exit,
  Fiber,
  Logger,
  Metric,
  Redacted,
  References,
  Stream,
  Tracer,
} from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { inspect } from "node:util"

import * as AelystClient from "../src/AelystClient.ts"
import { TransportProbe } from "../src/call/TransportProbe.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import type { ContactInput } from "../src/contact/Contact.ts"
import { createMany } from "../src/CreateMany.ts"
import * as Metrics from "../src/call/Metrics.ts"
import { Hooks } from "../src/call/Hooks.ts"
import * as Ledger from "./ledger.ts"
import * as RecordingTracer from "./tracer.ts"

const secret = "plovertoken_9f8e7d6c5b4a"
const token = Redacted.make(secret)
const identifier = "email:plover.person+tag@sparrow-example.org"
const contact: ContactInput = {
  firstName: 'Zwetschgen "Birdie" & <Söhne>',
  lastName: "O'Kanarienvogel-Ünsal",
  phone: "+60129876543",
  email: "plover.other@sparrow-example.org",
  profilePic: "https://cdn.sparrow-example.org/plover/face.png",
  customFields: { "Company Website": "https://sparrow-example.org/about", Score: 7_654_321 },
}

/** Any of these in a sink is a leak. */
const hits =
  /plover|sparrow|zwetschg|birdie|söhne|so\u0308hne|s\\u00f6hne|kanarienvogel|ünsal|u\u0308nsal|\\u00fcnsal|6012|9876|7654321|7_654_321/i

const everything = { showHidden: true, depth: Number.POSITIVE_INFINITY } as const

/** Returns the contact as servers may echo it. */
const echoes = (body: string): ReadonlyArray<string> => {
  const html = body.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")
  const ascii = body.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
  return [
    body,
    JSON.stringify({ message: body }),
    JSON.stringify({ message: { errors: [JSON.parse(body)] } }),
    JSON.stringify({ code: "200", success: false, message: identifier, echo: body }),
    ascii,
    `<html><body><h1>Error</h1><pre>${html}</pre></body></html>`,
    `<p>${"&nbsp;".repeat(620)}${body}`,
    encodeURIComponent(body),
    `POST /v1/contact/${identifier} Authorization: Bearer ${secret}`,
    `no route for /v1/contact/${encodeURIComponent(identifier)}`,
    body.toUpperCase(),
    body.normalize("NFD"),
  ]
}

type Fault = (
  probe: TransportProbe,
  respond: Respond,
) => Effect.Effect<HttpClientResponse.HttpClientResponse, unknown>
type Respond = (status: number, text: string) => HttpClientResponse.HttpClientResponse

const statuses = [
  0, 101, 200, 201, 204, 302, 400, 401, 403, 404, 408, 409, 413, 418, 422, 429, 500, 502, 503, 600,
]

/** Lists the faults that this test runs the canary through. */
const faultsOf = (body: string): ReadonlyArray<Fault> => {
  const broken =
    (code: string, dispatched: boolean): Fault =>
    (probe) => {
      probe.watch()
      if (dispatched) probe.dispatch()
      return Effect.fail(
        new TypeError(`fetch failed for ${identifier} with ${secret}`, {
          cause: Object.assign(new Error(body), { code, host: "sparrow-example.org" }),
        }),
      )
    }
  return [
    ...statuses.flatMap((status) =>
      echoes(body).map(
        (text): Fault =>
          (_, respond) =>
            Effect.succeed(respond(status, text)),
      ),
    ),
    broken("ECONNREFUSED", false),
    broken("CERT_HAS_EXPIRED", false),
    broken("PROXY_AUTHENTICATION_REQUIRED", false),
    broken("ECONNRESET", true),
    broken(body, true),
    () => Effect.die(new Error(`${body} ${secret}`)),
    () => Effect.never,
    (probe) => {
      probe.watch()
      return Effect.never
    },
  ]
}

const http = (fault: (body: string) => Fault) =>
  HttpClient.make((request, _url, _signal, fiber) =>
    Effect.suspend(() => {
      const sent = request.body._tag === "Uint8Array" ? request.body.body : new Uint8Array()
      const body = new TextDecoder().decode(sent)
      const respond: Respond = (status, text) => {
        const echoed = Object.fromEntries(
          ["content-type", "date", "retry-after", "x-request-id", "location", "set-cookie"].map(
            (name) => [name, encodeURIComponent(`${identifier} ${contact.firstName} ${secret}`)],
          ),
        )
        const response = HttpClientResponse.fromWeb(
          request,
          new Response(null, { headers: { ...echoed, "content-length": "1" } }),
        )
        return Object.create(response, {
          status: { value: status },
          headers: { value: { ...response.headers, "x-echo": identifier } },
          text: { value: Effect.succeed(text) },
        })
      }
      return fault(body)(fiber.getRef(TransportProbe), respond).pipe(
        Effect.mapError(
          (cause) =>
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, cause, description: body }),
            }),
        ),
      )
    }),
  )

/** Returns a value as each way of printing shows it. */
const shownAs = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value, everything),
  inspect([{ value }], everything),
  value instanceof Error ? (value.stack ?? "") : "",
  value instanceof Error ? inspect(structuredClone(value), everything) : "",
]

const clean = (what: string, text: string) => {
  // a time under the test clock has fractions, and they may hold the digits of anything
  const hit = hits.exec(text.replace(/(?<=\d)\.\d+/g, ""))
  assert.isNull(
    hit,
    `${what}: …${text.slice(Math.max(0, (hit?.index ?? 0) - 200), (hit?.index ?? 0) + 80)}`,
  )
}

/** Runs an effect with loggers and a tracer that keep everything, and returns it as text. */
const observed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const keep = (format: Logger.Logger<unknown, unknown>) =>
      Logger.make((options) => {
        const line = typeof format === "undefined" ? "" : inspect(format.log(options), everything)
        // the number of a fiber may hold the digits of anything
        lines.push(line.replace(/#\d+/g, "#"))
      })
    const { spans, tracer } = RecordingTracer.make()
    const value = yield* effect.pipe(
      Effect.provide(
        Logger.layer([
          keep(Logger.formatJson),
          keep(Logger.formatLogFmt),
          keep(Logger.formatSimple),
          keep(Logger.formatStructured),
        ]),
      ),
      Effect.provideService(References.MinimumLogLevel, "All"),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Metrics.layer),
    )
    return { lines, spans, value }
  })

describe("the canary (F15)", () => {
  const clients: ReadonlyArray<ClientOptions> = [
    { retries: 0 },
    { delivery: "natural-key", retries: 1, propagateTrace: true },
  ]
  for (const [n, options] of clients.entries()) {
    it.effect(`appears in no error, log, span or metric of any fault, client ${n + 1}`, () =>
      Effect.gen(function* () {
        const heard: Array<string> = []
        const sample = faultsOf(JSON.stringify(contact))
        const tags = new Set<string>()
        const {
          lines,
          spans,
          value: exits,
        } = yield* observed(
          Effect.gen(function* () {
            const fibers = yield* Effect.forEach(sample.entries(), ([i]) =>
              Effect.gen(function* () {
                const client = yield* Effect.provideService(
                  AelystClient.make({ token, ...options }),
                  HttpClient.HttpClient,
                  http((body) => faultsOf(body)[i] ?? (() => Effect.never)),
                )
                return yield* client.create(identifier, contact).pipe(
                  Effect.tapError((error) => Effect.logError("create failed", error)),
                  Effect.tapCause((cause) => Effect.logWarning("cause", cause)),
                )
              }).pipe(
                Effect.provideService(Hooks, {
                  onAttempt: (attempt) => void heard.push(inspect(attempt, everything)),
                  onWait: (wait) => void heard.push(inspect(wait, everything)),
                  onOutcome: (end) => void heard.push(inspect(end, everything)),
                }),
                Effect.forkChild,
              ),
            )
            yield* Ledger.advance("5 minutes")
            return yield* Effect.forEach(fibers, Fiber.await)
          }),
        )
        for (const exit of exits) {
          if (Exit.isSuccess(exit)) continue
          const error = Cause.squash(exit.cause)
          tags.add(String(Reflect.get(Object(error), "_tag")))
          for (const shown of [error, exit, exit.cause, Reflect.get(Object(error), "last")]) {
            for (const text of shownAs(shown)) clean("error", text)
          }
          clean("Cause.pretty", Cause.pretty(exit.cause))
        }
        assert.isAtLeast(tags.size, n === 0 ? 6 : 5, [...tags].join())
        assert.isAbove(lines.length, exits.length)
        for (const line of lines) clean("log", line)
        assert.isAbove(spans.length, exits.length)
        for (const span of spans) {
          clean(
            "span",
            inspect([span.name, span.attributes, span.events, span.status, span.links], everything),
          )
        }
        for (const text of heard) clean("callback", text)
        clean("metrics", inspect(yield* Metric.snapshot, everything))
      }),
    )
  }

  it.effect("appears in no error of an invalid contact", () =>
    Effect.gen(function* () {
      const client = yield* Effect.provideService(
        AelystClient.make({ token }),
        HttpClient.HttpClient,
        http(() => () => Effect.never),
      )
      const bad: ReadonlyArray<readonly [string, ContactInput]> = [
        ["plover.person@sparrow-example.org", contact],
        ["email:email:plover.person@sparrow-example.org", contact],
        ["email:plover person@sparrow-example.org", contact],
        ["phone:6012-9876543", contact],
        [identifier, { ...contact, firstName: " " }],
        [identifier, { ...contact, phone: "6012 9876 543" }],
        [identifier, { ...contact, email: "plover@" }],
        [identifier, { ...contact, language: "plover_sparrow_birdie" }],
        [identifier, { ...contact, countryCode: "PLOVER" }],
        [identifier, { ...contact, profilePic: "plover" }],
      ]
      for (const [id, input] of bad) {
        const { lines, value: error } = yield* observed(
          Effect.tap(Effect.flip(client.create(id, input)), (e) => Effect.logError(e)),
        )
        assert.strictEqual(error._tag, "InvalidContactError")
        for (const text of [...shownAs(error), ...lines]) clean("invalid", text)
      }
    }),
  )

  it.effect("appears in no log and no summary of a run", () =>
    Effect.gen(function* () {
      const { lines, spans, value } = yield* observed(
        Effect.gen(function* () {
          const client = yield* Effect.provideService(
            AelystClient.make({ token, retries: 0 }),
            HttpClient.HttpClient,
            http((body) => (_, respond) => Effect.succeed(respond(404, body))),
          )
          const run = yield* Effect.provideService(
            createMany(Stream.make({ identifier, contact }), {
              onProgress: () => {
                throw new Error(identifier)
              },
            }),
            AelystClient.AelystClient,
            client,
          )
          const results = yield* Stream.runCollect(run.results)
          return { results, end: yield* run.settled }
        }),
      )
      for (const text of [...lines, ...shownAs(value)]) clean("run", text)
      for (const span of spans)
        clean("span", inspect([span.name, span.attributes, span.events], everything))
    }),
  )

  it.effect("appears in no error of an invalid token or of a token effect that fails", () =>
    Effect.gen(function* () {
      const bad = yield* Effect.flip(
        Effect.provideService(
          AelystClient.make({ token: Redacted.make(`${secret}\r\nX-Evil: 1`) }),
          HttpClient.HttpClient,
          http(() => () => Effect.never),
        ),
      )
      for (const text of shownAs(bad)) clean("token", text)
      for (const source of [
        Effect.fail(secret),
        Effect.fail(new Error(secret)),
        Effect.fail({ message: secret, cause: new Error(secret), toJSON: () => secret }),
        Effect.succeed(Redacted.make(`${secret} ${secret}`)),
      ]) {
        const client = yield* Effect.provideService(
          AelystClient.make({ token: source }),
          HttpClient.HttpClient,
          http(() => () => Effect.never),
        )
        const {
          lines,
          spans,
          value: exit,
        } = yield* observed(
          client.create(identifier, contact).pipe(
            Effect.tapError((error) => Effect.logError("create failed", error)),
            Effect.tapCause((cause) => Effect.logError("create failed", cause)),
            // a caller's own span, whose exporter prints causes
            Effect.withSpan("caller"),
            Effect.exit,
          ),
        )
        assert(Exit.isFailure(exit))
        const error = Cause.squash(exit.cause)
        assert.deepInclude(error, { _tag: "UnavailableError", reason: "token" })
        assert.notInclude(Object.keys(Object(error)), "cause")
        assert.isTrue(Redacted.isRedacted(Reflect.get(Object(error), "cause")))
        for (const text of [...shownAs(exit), ...shownAs(error), ...lines]) clean("token", text)
        clean("Cause.pretty", Cause.pretty(exit.cause))
        for (const span of spans) clean("span", inspect(span.status, everything))
        const printed = Cause.prettyErrors(exit.cause, { includeCauseInStack: true })
        clean("exception", inspect(printed, everything))
      }
    }),
  )

  it.effect("appears in no span of a call whose token effect dies", () =>
    Effect.gen(function* () {
      const client = yield* Effect.provideService(
        AelystClient.make({ token: Effect.die(new Error(secret)) }),
        HttpClient.HttpClient,
        http(() => () => Effect.never),
      )
      const { spans, value: exit } = yield* observed(
        Effect.exit(client.create(identifier, contact)),
      )
      assert.isTrue(Exit.hasDies(exit))
      assert.strictEqual(spans.length, 2)
      for (const span of spans) {
        assert.strictEqual(span.attributes.get("error.type"), "_OTHER")
        clean("span", inspect([span.attributes, span.events, span.status], everything))
      }
    }),
  )

  it("is found in texts that would leak (control)", () => {
    for (const text of echoes(JSON.stringify(contact))) assert.match(text, hits)
    assert.match(inspect(contact, everything), hits)
    assert.match(inspect({ headers: { authorization: `Bearer ${secret}` } }), hits)
  })
})
