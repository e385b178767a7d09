import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Identifier from "../src/contact/Identifier.ts"
import type { Issue } from "../src/contact/Issue.ts"
import { hostileText, identifierText, oneOf, runs, text } from "./inputs.ts"

const accepted = (input: unknown): Identifier.Identifier => {
  const parsed = Identifier.parse(input)
  assert(Result.isSuccess(parsed), "expected the identifier to be accepted")
  return parsed.success
}

const issuesOf = (result: Result.Result<unknown, ReadonlyArray<Issue>>): Issue => {
  assert(Result.isFailure(result), "expected the identifier to be invalid")
  const [issue, ...more] = result.failure
  assert(issue !== undefined && more.length === 0)
  return issue
}

const bmp = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit))

describe("Identifier.parse", () => {
  it.each([
    ["W2 the page's email", "email:abdc@gmail.com"],
    ["W2 the page's phone", "phone:+60121233112"],
    ["W2 the page's bare example", "example"],
    ["D1 a contact id", "id:5"],
    ["D1 an opaque contact id", "5"],
    ["D1 a UUID", "3e4666bf-d5e5-4aa7-b8ce-cefe41c7568a"],
    ["D1 a colon without a prefix of ours", "crm:77"],
    ["D1 a space inside a contact id", "id:a b"],
    ["D2 the shortest phone", "phone:+12345678"],
    ["D2 the longest phone", "phone:+123456789012345"],
    ["D2 the longest email", `email:${"a".repeat(250)}@b.c`],
    ["D2 an email with characters of URLs", "email:a/b?c#d%2e@x"],
    ["D2 an email without a dot in its domain", "email:root@localhost"],
    ["D2 dots inside a contact id", "id:.."],
    ["an emoji in a contact id", "id:😀"],
  ])("takes %s as it is", (_, input) => {
    assert.strictEqual(accepted(input), input)
  })

  it.each([
    ["nothing", undefined, "IDENTIFIER_MISSING"],
    ["null", null, "IDENTIFIER_MISSING"],
    ["an empty string", "", "IDENTIFIER_MISSING"],
    ["a blank string", "   ", "IDENTIFIER_MISSING"],
    ["a prefix alone", "email:", "IDENTIFIER_MISSING"],
    ["a number", 5, "IDENTIFIER_TYPE"],
    ["an object", { toString: () => "example" }, "IDENTIFIER_TYPE"],
    ["261 characters", "a".repeat(261), "IDENTIFIER_TOO_LONG"],
    ["D2 an email of 255 characters", `email:${"a".repeat(251)}@b.c`, "IDENTIFIER_TOO_LONG"],
    ["a space before", " example", "IDENTIFIER_SPACES"],
    ["a space after", "id:5 ", "IDENTIFIER_SPACES"],
    ["a space after the prefix", "id: 5", "IDENTIFIER_SPACES"],
    ["D2 .", ".", "IDENTIFIER_DOTS"],
    ["D2 ..", "..", "IDENTIFIER_DOTS"],
    ["D2 a prefix in upper case", "Email:a@b.c", "PREFIX_CASE"],
    ["D2 a prefix with a space", "phone :+60121233112", "PREFIX_CASE"],
    ["D2 a double prefix", "email:email:x@y.z", "PREFIX_DOUBLE"],
    ["D2 two prefixes", "id:phone:+60121233112", "PREFIX_DOUBLE"],
    ["D2 a bare email", "x@y.z", "PREFIX_MISSING"],
    ["D2 a mailto", "mailto:x@y.z", "PREFIX_MISSING"],
    ["D2 a bare phone", "+60121233112", "PREFIX_MISSING"],
    ["D2 a bare phone with spaces", "+60 12-123 3112", "PREFIX_MISSING"],
    ["D2 bare digits", "0123456789", "PREFIX_MISSING"],
    ["D2 an email without @", "email:a/../../x", "EMAIL_INVALID"],
    ["D2 an email with two @", "email:a@b@c", "EMAIL_INVALID"],
    ["D2 an email without a local part", "email:@b.c", "EMAIL_INVALID"],
    ["D2 an email without a domain", "email:a@", "EMAIL_INVALID"],
    ["D2 a space in an email", "email:a b@c.d", "EMAIL_INVALID"],
    ["D2 a phone without +", "phone:60121233112", "PHONE_INVALID"],
    ["D2 a phone with a leading 0", "phone:+0121233112", "PHONE_INVALID"],
    ["D2 a phone of 7 digits", "phone:+1234567", "PHONE_INVALID"],
    ["D2 a phone of 16 digits", "phone:+1234567890123456", "PHONE_INVALID"],
    ["D2 letters in a phone", "phone:+6012O233112", "PHONE_INVALID"],
    ["D2 other scripts' digits in a phone", "phone:+٦٠١٢١٢٣٣١١٢", "PHONE_INVALID"],
    ["CR LF", "id:a\r\nHost: evil", "IDENTIFIER_CONTROL"],
    ["NUL", "id:a\0", "IDENTIFIER_CONTROL"],
    ["DEL", "id:a\x7f", "IDENTIFIER_CONTROL"],
    ["a C1 control", "id:a\x85", "IDENTIFIER_CONTROL"],
    ["a bidi override", "email:a\u202e@b.c", "IDENTIFIER_INVISIBLE"],
    ["a bidi isolate", "id:\u2066a", "IDENTIFIER_INVISIBLE"],
    ["a zero-width space", "email:a\u200b@b.c", "IDENTIFIER_INVISIBLE"],
    ["a soft hyphen", "email:a\u00ad@b.c", "IDENTIFIER_INVISIBLE"],
    ["a byte order mark", "\ufeffemail:a@b.c", "IDENTIFIER_INVISIBLE"],
    ["a no-break space", "id:a\u00a0b", "IDENTIFIER_INVISIBLE"],
    ["a line separator", "id:a\u2028b", "IDENTIFIER_INVISIBLE"],
    ["a tag character", "id:a\u{e0041}", "IDENTIFIER_INVISIBLE"],
    ["a Hangul filler", "id:a\u3164", "IDENTIFIER_INVISIBLE"],
    ["half of a surrogate pair", "id:a\ud800", "STRING_MALFORMED"],
    ["a turned surrogate pair", "id:\udc00\ud800", "STRING_MALFORMED"],
  ])("rejects %s", (_, input, code) => {
    const issue = issuesOf(Identifier.parse(input))
    assert.strictEqual(issue.code, code)
    assert.deepStrictEqual(issue.path, ["identifier"])
  })

  it.each([
    ["email:email:x@y.z", "write email: once, at the beginning"],
    ["id:phone:+60121233112", "write phone: once, at the beginning"],
    ["x@y.z", "write email: before the address"],
    ["+60121233112", "write phone: before the number"],
    [
      "0123456789",
      "write phone:+ before the number with its country code, or id: before a contact ID",
    ],
    ["EMAIL:x@y.z", "write email:"],
    ["phone:+60 12 123 3112", "remove spaces and punctuation"],
    ["phone:0060121233112", "write + in place of the leading 00"],
    ["phone:60121233112", "begin with + and the country code, such as +60"],
    ["phone:+0121233112", "write the country code after +, without a leading 0"],
    ["email:a b@c.d", "remove character 2"],
    ["id:ab\u202ecd", "remove character 6"],
    ["email:a@b.c,d@e.f", "give one address"],
  ])("suggests how to fix case %#", (input, suggestion) => {
    assert.strictEqual(issuesOf(Identifier.parse(input)).suggestion, suggestion)
  })

  it("puts the issue at the path that it is given", () => {
    assert.deepStrictEqual(issuesOf(Identifier.parse("", ["rows", 3])).path, ["rows", 3])
  })

  it("brings an email's domain to NFC and leaves the local part as written", () => {
    assert.strictEqual(accepted("email:e\u0301@bu\u0308cher.de"), "email:e\u0301@b\u00fccher.de")
  })

  it("decides on ten million characters by their length", () => {
    for (const piece of ["a", "@", " ", "email:", "+", "\u0301", "\ud800", "😀"]) {
      const issue = issuesOf(Identifier.parse(piece.repeat(10_000_000 / piece.length)))
      assert.strictEqual(issue.code, "IDENTIFIER_TOO_LONG")
    }
  })

  it.prop(
    "F2: takes or rejects every string, never throws, and never repeats it in the issue",
    [text],
    ([input]) => {
      const parsed = Identifier.parse(input)
      if (Result.isSuccess(parsed)) return
      for (const issue of parsed.failure) {
        const shown = JSON.stringify({ ...issue, code: "", rule: "" })
        assert(
          input.length < 4 ||
            /^[a-z: ]*$/.test(input) ||
            !shown.includes(JSON.stringify(input).slice(1, -1)),
        )
      }
    },
    runs,
  )
})

describe("Identifier.email, phone, contactId", () => {
  it("put their prefix before a bare value", () => {
    assert.deepStrictEqual(Identifier.email("a@b.c"), Identifier.parse("email:a@b.c"))
    assert.deepStrictEqual(Identifier.phone("+60121233112"), Identifier.parse("phone:+60121233112"))
    assert.deepStrictEqual(Identifier.contactId("5"), Identifier.parse("id:5"))
  })

  it("reject a value that has a prefix already (D2)", () => {
    for (const make of [Identifier.email, Identifier.phone, Identifier.contactId]) {
      assert.strictEqual(issuesOf(make("email:a@b.c")).code, "PREFIX_DOUBLE")
    }
  })

  it("reject what is not a string", () => {
    // @ts-expect-error a number is not a contact id
    assert.strictEqual(issuesOf(Identifier.contactId(5)).code, "IDENTIFIER_TYPE")
  })
})

describe("Identifier.kind, value", () => {
  it.each([
    ["email:a@b.c", "email", "a@b.c"],
    ["phone:+60121233112", "phone", "+60121233112"],
    ["id:5", "id", "5"],
    ["5", "id", "5"],
    ["crm:77", "id", "crm:77"],
  ])("tell %s apart", (input, kind, value) => {
    assert.strictEqual(Identifier.kind(accepted(input)), kind)
    assert.strictEqual(Identifier.value(accepted(input)), value)
  })
})

describe("Identifier.key", () => {
  it.each([
    ["an email's domain in lower case", "email:Ana@EXAMPLE.com", "email:Ana@example.com"],
    ["a domain of another script in lower case", "email:a@BÜCHER.DE", "email:a@bücher.de"],
    ["a contact id as written", "id:A@B", "id:A@B"],
    ["a phone as written", "phone:+60121233112", "phone:+60121233112"],
  ])("gives %s", (_, input, key) => {
    assert.strictEqual(Identifier.key(accepted(input)), key)
  })

  it("keeps id:5 and 5 apart", () => {
    assert.notStrictEqual(Identifier.key(accepted("id:5")), Identifier.key(accepted("5")))
  })

  it("gives one key to two spellings of a domain", () => {
    const keys = ["email:a@bu\u0308cher.de", "email:a@b\u00fccher.de", "email:a@BU\u0308CHER.de"]
    assert.strictEqual(new Set(keys.map((input) => Identifier.key(accepted(input)))).size, 1)
  })

  it("F3: gives a key in NFC where lower case takes a letter apart", () => {
    const key = Identifier.key(accepted("email:a@\u0130\u0327.de"))
    assert.strictEqual(key, "email:a@i\u0327\u0307.de")
    assert.strictEqual(Identifier.key(accepted(key)), key)
  })

  it("F3: gives a key that is its own key, for a domain of any character", () => {
    for (const unit of bmp) {
      const parsed = Identifier.parse(`email:a@${unit}\u0307.de`)
      if (Result.isFailure(parsed)) continue
      const key = Identifier.key(parsed.success)
      assert.strictEqual(Identifier.key(accepted(key)), key)
    }
  })

  it.prop(
    "F3: parses and keys a second time to the same",
    [identifierText],
    ([input]) => {
      const id = accepted(input)
      assert.strictEqual(accepted(id), id)
      const key = Identifier.key(id)
      assert.strictEqual(accepted(key), key)
      assert.strictEqual(Identifier.key(accepted(key)), key)
    },
    runs,
  )

  it.prop(
    "F3: is equal for two identifiers exactly when their normal forms are",
    [identifierText, identifierText],
    ([a, b]) => {
      const variants = [accepted(a), accepted(b), accepted(a.startsWith("email:") ? `${a}.COM` : a)]
      const variant = accepted(a.startsWith("email:") ? `${a}.com` : a)
      const normal = (id: string) => accepted(Identifier.key(accepted(id)))
      for (const other of variants) {
        assert.strictEqual(
          Identifier.key(variant) === Identifier.key(other),
          normal(variant) === normal(other),
        )
      }
      assert.strictEqual(Identifier.key(variant), Identifier.key(variants[2] ?? variant))
    },
    runs,
  )
})

describe("Identifier.toPathSegment", () => {
  it.each([
    ["email:abdc@gmail.com", "email:abdc@gmail.com"],
    ["phone:+60121233112", "phone:+60121233112"],
    ["example", "example"],
    ["id:a b", "id:a%20b"],
    ["id:a/b?c#d%2e\\", "id:a%2Fb%3Fc%23d%252e%5C"],
    ["id:%3A%40%2B", "id:%253A%2540%252B"],
    ["id:!'()*", "id:%21%27%28%29%2A"],
    ["id:-._~", "id:-._~"],
    ["id:é😀", "id:%C3%A9%F0%9F%98%80"],
    ["%2e%2e", "%252e%252e"],
    ["http://evil", "http:%2F%2Fevil"],
    ["//evil", "%2F%2Fevil"],
    ["\\\\evil", "%5C%5Cevil"],
  ])("writes %s as one segment (D2)", (input, segment) => {
    assert.strictEqual(Identifier.toPathSegment(accepted(input)), segment)
  })

  it.prop(
    "F2: keeps the origin and the path before it, and decodes to the identifier",
    [oneOf(identifierText, hostileText, text)],
    ([input]) => {
      const parsed = Identifier.parse(input)
      if (Result.isFailure(parsed)) return
      const segment = Identifier.toPathSegment(parsed.success)
      assert.match(segment, /^(?:[A-Za-z0-9\-._~:@+]|%[0-9A-F]{2})+$/)
      const url = new URL(`https://api.aelyst.ai/v1/contact/${segment}`)
      assert.strictEqual(url.origin, "https://api.aelyst.ai")
      assert.strictEqual(url.search + url.hash + url.username, "")
      const [empty, version, resource, last, ...more] = url.pathname.split("/")
      assert.deepStrictEqual([empty, version, resource, more.length], ["", "v1", "contact", 0])
      assert.strictEqual(decodeURIComponent(last ?? ""), parsed.success)
    },
    runs,
  )
})

describe("types", () => {
  it("accept an identifier as a string, not the other way", () => {
    expectTypeOf<Identifier.Identifier>().toExtend<string>()
    expectTypeOf<string>().not.toExtend<Identifier.Identifier>()
    expectTypeOf(Identifier.email("a@b.c")).toEqualTypeOf<
      Result.Result<Identifier.Identifier, ReadonlyArray<Issue>>
    >()
    expectTypeOf(Identifier.kind).returns.toEqualTypeOf<"email" | "phone" | "id">()
  })
})
