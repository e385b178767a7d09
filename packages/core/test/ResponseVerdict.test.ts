import { assert, describe, it } from "@effect/vitest"
import { inspect } from "node:util"

import type { AelystError } from "../src/errors/AelystError.ts"
import type { Response, ResponseVerdict } from "../src/call/ResponseVerdict.ts"
import {
  defaultExists,
  interpret,
  isRateLimited,
  isRejection,
  isServerError,
  mayHaveCreated,
} from "../src/call/ResponseVerdict.ts"
import { fromHeaders } from "../src/errors/RateLimitHeaders.ts"
import { pick, randomOf } from "./ledger.ts"
import type { ExistsMatcher } from "../src/types.ts"

const secret = "plovertoken_9f8e7d6c5b4a"

const read = (
  status: number,
  body: string | undefined,
  headers: Response["headers"] = {},
  exists: ExistsMatcher = defaultExists,
  secrets: ReadonlyArray<string> = [],
): ResponseVerdict =>
  interpret(
    { status, headers, body },
    { info: fromHeaders(headers, 0), exists, secrets: () => secrets, token: secret },
  )

const errorOf = (verdict: ResponseVerdict): AelystError => {
  assert(verdict._tag === "Failure")
  return verdict.toError([])
}

describe("a token in a response (T1)", () => {
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
  const escaped = [...secret].map((character) => `%${character.charCodeAt(0).toString(16)}`)
  for (const text of [
    `bad Bearer ${secret}`,
    `bad "${secret}"`,
    `bad ${secret.toUpperCase()}`,
    `bad ${escaped.join("")}`,
    `bad bearer other-token.of+an/other=kind`,
    `bad ${jwt}`,
  ]) {
    for (const status of [200, 400, 401, 403, 409, 500]) {
      it(`is masked in every text of ${status}: ${text}`, () => {
        const seen: Array<string | undefined> = []
        const exists: ExistsMatcher = ({ message }) => {
          seen.push(message)
          return status === 409
        }
        const body = JSON.stringify({ message: { error: text } })
        const verdict = read(status, body, { "x-request-id": text }, exists, [secret])
        const texts =
          verdict._tag === "Success"
            ? [verdict.message]
            : [errorOf(verdict).apiMessage, JSON.stringify(errorOf(verdict))]
        for (const shown of [...seen, ...texts]) {
          assert.notMatch(String(shown), /plovertoken|%70%6c|other-token|eyJ|dozjg/i)
        }
        assert.match(String(texts[0]), /^bad "?(?:bearer )?…"?$/i)
      })
    }
  }
})

/** Describes a verdict in a few words. */
const describeVerdict = (verdict: ResponseVerdict): string => {
  if (verdict._tag === "Success") return `created ${verdict.status}`
  const error = verdict.toError([])
  const reason = error._tag === "UnexpectedResponseError" ? ` ${error.reason}` : ""
  const exists = error._tag === "BadRequestError" && error.exists ? " exists" : ""
  assert.strictEqual(error.outcome, verdict.outcome)
  return `${error._tag} ${error.outcome}${reason}${exists}`
}

const unreadable = "UnexpectedResponseError unknown unreadable"
const contradiction = "UnexpectedResponseError unknown contradiction"
const html = "<!doctype html><html><body>Please log in</body></html>"

const documented: ReadonlyArray<readonly [what: string, status: number, body: string, string]> = [
  ["W5", 200, '{"code":"200","message":"Contact added successfully!"}', "created 200"],
  ["W6", 400, '{"code":400,"message":"Validation error."}', "BadRequestError rejected"],
  ["W7", 401, '{"code":401,"message":"UN_AUTHORIZED"}', "AuthenticationError rejected"],
  ["W8", 429, '{"code":429,"message":"Too Many Requests"}', "RateLimitError rejected"],
  ["W9", 500, '{"code":500,"message":"Unexpected error occurred"}', "InternalServerError unknown"],
]

const odd: ReadonlyArray<readonly [what: string, number, string | undefined, string]> = [
  // a success must be verified
  ["code as a number", 200, '{"code":200}', "created 200"],
  ["no code", 200, '{"message":"ok"}', "created 200"],
  ["an empty object", 200, "{}", "created 200"],
  ["extra keys", 200, '{"code":"200","message":"ok","id":"5","success":true}', "created 200"],
  ["a byte order mark", 200, '\uFEFF{"code":"200"}', "created 200"],
  ["an object as message", 200, '{"code":200,"message":{"text":"ok"}}', "created 200"],
  ["201 with its own code", 201, '{"code":201}', "created 201"],
  ["201 with its own code as text", 201, '{"code":"201"}', "created 201"],
  ["201 with code 200", 201, '{"code":"200"}', "created 201"],
  ["200 with code 201", 200, '{"code":201}', contradiction],
  ["200 with code 400", 200, '{"code":400,"message":"Validation error."}', contradiction],
  ["200 with code 429", 200, '{"code":"429"}', contradiction],
  ["code null", 200, '{"code":null}', contradiction],
  ["code true", 200, '{"code":true}', contradiction],
  ["success false", 200, '{"code":"200","success":false}', contradiction],
  ["an empty body", 200, "", unreadable],
  ["no readable body", 200, undefined, unreadable],
  ["a portal's page", 200, html, unreadable],
  ["null", 200, "null", unreadable],
  ["a list", 200, '[{"code":"200"}]', unreadable],
  ["a string", 200, '"Contact added successfully!"', unreadable],
  ["a number", 200, "200", unreadable],
  ["a truncated object", 200, '{"code":"200","message":"Contact ad', unreadable],
  ["two objects", 200, '{"code":"200"}{"code":"200"}', unreadable],
  ["204", 204, "", unreadable],
  ["206", 206, '{"code":"200"', unreadable],
  // rejections
  ["a 400 without body", 400, undefined, "BadRequestError rejected"],
  ["a 400 in HTML", 400, html, "BadRequestError rejected"],
  [
    "a 400 that says exists",
    400,
    '{"message":"Contact already exists"}',
    "BadRequestError rejected exists",
  ],
  [
    "a 400 that says duplicate",
    400,
    '{"message":"Duplicate entry"}',
    "BadRequestError rejected exists",
  ],
  [
    "a 400 that nests it",
    400,
    '{"message":{"errors":[{"email":"already exists"}]}}',
    "BadRequestError rejected exists",
  ],
  ["a 409", 409, "", "BadRequestError rejected exists"],
  ["a 401 in HTML", 401, html, "AuthenticationError rejected"],
  ["a 429 without body", 429, undefined, "RateLimitError rejected"],
  ["a 403", 403, '{"message":"already exists"}', "UnexpectedResponseError rejected status"],
  ["a 404", 404, html, "UnexpectedResponseError rejected status"],
  ["a 413", 413, "", "UnexpectedResponseError rejected status"],
  ["a 418", 418, "short and stout", "UnexpectedResponseError rejected status"],
  ["a 499", 499, "", "UnexpectedResponseError rejected status"],
  // in doubt
  ["a stray 408", 408, "", "OutcomeUnknownError unknown"],
  ["a 502 in HTML", 502, html, "InternalServerError unknown"],
  ["a 503 that is null", 503, "null", "InternalServerError unknown"],
  ["a 504 that stalled", 504, undefined, "InternalServerError unknown"],
  ["a 599", 599, '"x"', "InternalServerError unknown"],
  ["a 500 that says 200", 500, '{"code":"200"}', "InternalServerError unknown"],
  ["a 301", 301, "", "UnexpectedResponseError unknown redirect"],
  ["a 302 that says 200", 302, '{"code":"200"}', "UnexpectedResponseError unknown redirect"],
  ["a 304", 304, undefined, "UnexpectedResponseError unknown redirect"],
  ["a 308", 308, "", "UnexpectedResponseError unknown redirect"],
  ["an opaque redirect", 0, "", "UnexpectedResponseError unknown redirect"],
  ["a 101", 101, "", "UnexpectedResponseError unknown status"],
  ["a 103", 103, '{"code":"200"}', "UnexpectedResponseError unknown status"],
  ["a 600", 600, '{"code":"200"}', "UnexpectedResponseError unknown status"],
  ["a 999", 999, "", "UnexpectedResponseError unknown status"],
  ["a negative status", -1, "", "UnexpectedResponseError unknown status"],
  ["no status at all", Number.NaN, '{"code":"200"}', "UnexpectedResponseError unknown status"],
]

const throws: ExistsMatcher = () => {
  throw new Error("mine")
}

describe("isServerError", () => {
  it("recognises every 5xx and nothing else", () => {
    const all = [0, 200, 429, 499, 500, 503, 599, 600, Number.NaN]
    assert.deepStrictEqual(all.filter(isServerError), [500, 503, 599])
  })
})

describe("interpret", () => {
  for (const [fact, status, body, expected] of documented) {
    it(`reads the documented ${status} (${fact})`, () => {
      assert.strictEqual(describeVerdict(read(status, body)), expected)
    })
  }
  for (const [what, status, body, expected] of odd) {
    it(`takes ${what} (${status}) for: ${expected}`, () => {
      assert.strictEqual(describeVerdict(read(status, body)), expected)
    })
  }

  it("returns the message of a success and the API's message of a rejection", () => {
    const success = read(200, '{"code":"200","message":"Contact added successfully!"}')
    assert.strictEqual(success._tag === "Success" && success.message, "Contact added successfully!")
    assert.strictEqual(
      errorOf(read(400, '{"message":{"a":"first","b":["second"]}}')).apiMessage,
      "first second",
    )
    assert.isUndefined(errorOf(read(400, html)).apiMessage)
    assert.isAtMost(
      errorOf(read(400, JSON.stringify({ message: "x".repeat(60_000) }))).apiMessage?.length ?? 0,
      2_000,
    )
  })

  it("survives a message as deep as a body can be", () => {
    const deep = `{"message":${"[".repeat(30_000)}"deep"${"]".repeat(30_000)}}`
    assert.strictEqual(describeVerdict(read(400, deep)), "BadRequestError rejected")
  })

  it("puts the values of the headers on the rate-limit error (W8)", () => {
    const error = errorOf(
      read(429, "", {
        "retry-after": "2",
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "0",
      }),
    )
    assert(error._tag === "RateLimitError")
    assert.deepStrictEqual([error.retryAfterMs, error.limit, error.remaining], [2_000, 10, 0])
    const bare = errorOf(read(429, ""))
    assert(bare._tag === "RateLimitError")
    assert.isUndefined(bare.retryAfter)
  })

  it("keeps the rate limit of the headers on every error, but out of its JSON", () => {
    const headers = { "retry-after": "2", "x-ratelimit-limit": "10", "x-ratelimit-remaining": "4" }
    for (const status of [302, 400, 401, 403, 408, 429, 500]) {
      const error = errorOf(read(status, "", headers))
      assert.deepStrictEqual(error.rateLimit, { limit: 10, remaining: 4, retryAfterMs: 2_000 })
      assert.notProperty(error.toJSON(), "rateLimit")
      assert.deepStrictEqual(errorOf(read(status, "")).rateLimit, {})
    }
  })

  it("keeps only harmless headers, with request ID and date unchanged", () => {
    const error = errorOf(
      read(404, "", {
        "set-cookie": "session=1",
        "content-type": "text/html",
        date: "Sun, 06 Nov 1994 08:49:37 GMT",
        "x-request-id": "0192f3c1-6e0b-7d3e-9a53-2b8f7e1c4d5a",
      }),
    )
    assert(error._tag === "UnexpectedResponseError")
    assert.deepStrictEqual(error.headers, {
      "content-type": "text/html",
      date: "Sun, 06 Nov 1994 08:49:37 GMT",
      "x-request-id": "0192f3c1-6e0b-7d3e-9a53-2b8f7e1c4d5a",
    })
  })

  it("calls the exists matcher for every 4xx except 401, 408 and 429", () => {
    const matched: Array<number> = []
    const matcher: ExistsMatcher = ({ status }) => {
      matched.push(status)
      return status === 403
    }
    for (const status of [200, 302, 400, 401, 403, 404, 408, 409, 429, 500]) {
      const verdict = read(status, "{}", {}, matcher)
      const error = verdict._tag === "Failure" ? verdict.toError([]) : undefined
      assert.strictEqual(error?._tag === "BadRequestError" && error.exists, status === 403)
    }
    assert.deepStrictEqual(matched, [400, 403, 404, 409])
  })

  it("counts a matcher that throws or returns a non-boolean as no match", () => {
    assert.strictEqual(describeVerdict(read(400, "{}", {}, throws)), "BadRequestError rejected")
    // safe: what a caller without types may pass
    const promises = (() => Promise.resolve(false)) as unknown as ExistsMatcher
    assert.strictEqual(describeVerdict(read(400, "{}", {}, promises)), "BadRequestError rejected")
  })

  it("recognises a rejection and a rate limit by the status", () => {
    assert.deepStrictEqual(
      [200, 302, 399, 400, 401, 408, 409, 429, 499, 500].filter(isRejection),
      [400, 401, 409, 429, 499],
    )
    assert.deepStrictEqual([428, 429, 430].filter(isRateLimited), [429])
  })
})

// the table of errors, written independently a second time
const expectedOf = (status: number, body: string | undefined): string => {
  let json: unknown
  try {
    json = JSON.parse((body ?? "").replace(/^\uFEFF/, ""))
  } catch {
    json = undefined
  }
  if (status >= 200 && status <= 299) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) return unreadable
    const { code, success } = Object.assign(Object.create(null), json)
    const fine =
      code === undefined ||
      ((typeof code === "string" || typeof code === "number") &&
        ["200", String(status)].includes(String(code)))
    return fine && success !== false ? `created ${status}` : contradiction
  }
  if (status === 401) return "AuthenticationError rejected"
  if (status === 408) return "OutcomeUnknownError unknown"
  if (status === 429) return "RateLimitError rejected"
  if (status === 400) return "BadRequestError rejected"
  if (status === 409) return "BadRequestError rejected exists"
  if (status >= 402 && status <= 499) return "UnexpectedResponseError rejected status"
  if (status >= 500 && status <= 599) return "InternalServerError unknown"
  return status === 0 || (status >= 300 && status <= 399)
    ? "UnexpectedResponseError unknown redirect"
    : "UnexpectedResponseError unknown status"
}

const bytes = (random: () => number): string =>
  new TextDecoder().decode(
    Uint8Array.from({ length: Math.floor(random() * 400) }, () => Math.floor(random() * 256)),
  )

describe("interpret under random responses (F4)", () => {
  const secrets = ["email:canary.person@example.org", "canary.person@example.org", "Zwetschgenbaum"]
  const value = (random: () => number, depth = 0): unknown =>
    pick<() => unknown>(random, [
      () => null,
      () => random() < 0.5,
      () => Math.floor(random() * 1_000),
      () => pick(random, ["200", "400", "ok", "Zwetschgenbaum", "__proto__", ""]),
      () => (depth > 3 ? [] : [value(random, depth + 1)]),
      () =>
        depth > 3
          ? {}
          : Object.fromEntries(
              ["code", "message", "success", "__proto__", "constructor"].flatMap((key) =>
                random() < 0.4 ? [[key, value(random, depth + 1)]] : [],
              ),
            ),
    ])()
  const bodyOf = (random: () => number): string | undefined =>
    pick<() => string | undefined>(random, [
      () => undefined,
      () => bytes(random),
      () => JSON.stringify(value(random)),
      () =>
        `${pick(random, ["\uFEFF", " ", "", "x"])}${JSON.stringify({ code: pick(random, ["200", 200, 201, "201", 500, null]) })}`,
      () => '{"code":"200","message":"ok"}'.slice(0, Math.floor(random() * 31)),
      () =>
        `<p>${"x".repeat(Math.floor(random() * 5_000))} ${secrets[1]} &lt;Zwetschgen<b>baum</b>`,
    ])()

  it("returns exactly one verdict for any status, headers and body, and shows no secret", () => {
    const rows = new Set<string>()
    for (let seed = 0; seed < 5_000; seed++) {
      const random = randomOf(seed)
      const status = pick<number>(random, [
        ...([0, 100, 200, 201, 204, 302, 400, 401, 408, 409, 418, 429, 500, 503, 600] as const),
        Math.floor(random() * 700),
        Math.floor(random() * 700),
        Math.floor(random() * 2 ** 31),
      ])
      const body = bodyOf(random)
      const headers = Object.fromEntries(
        ["retry-after", "date", "x-ratelimit-limit", "x-ratelimit-remaining", "x-request-id"].map(
          (name) => [
            name,
            pick(random, [undefined, "1", "-1", bytes(random), secrets[0], "1e400"]),
          ],
        ),
      )
      const verdict = read(status, body, headers, ({ status: s }) => s === 409, secrets)
      const described = describeVerdict(verdict)
      assert.strictEqual(described, expectedOf(status, body), `seed ${seed}: ${status} ${body}`)
      rows.add(described.replace(/\d+/g, ""))
      if (verdict._tag === "Success") continue
      const error = verdict.toError([])
      const shown = inspect(error, { showHidden: true, depth: Number.POSITIVE_INFINITY })
      assert.notMatch(shown, /canary|Zwetschgenbaum/i, `seed ${seed}`)
      if (error._tag === "UnexpectedResponseError") assert.isAtMost(error.excerpt.length, 200)
    }
    assert.strictEqual(rows.size, 12)
  })
})

describe("mayHaveCreated", () => {
  const attempt = { number: 1, startedAt: 0, durationMs: 1, waitedMs: 0 } as const

  it("says of every status what its verdict says", () => {
    for (let status = 100; status < 600; status++) {
      const verdict = read(status, undefined)
      assert(verdict._tag === "Failure")
      const inDoubt = mayHaveCreated({ ...attempt, phase: "answered", status })
      assert.strictEqual(inDoubt, verdict.outcome === "unknown", `${status}`)
    }
  })

  it("is true without a response, unless no byte can have left", () => {
    assert.isTrue(mayHaveCreated({ ...attempt, phase: "headers", cause: "ECONNRESET" }))
    assert.isFalse(mayHaveCreated({ ...attempt, phase: "connect", cause: "ECONNREFUSED" }))
  })
})
