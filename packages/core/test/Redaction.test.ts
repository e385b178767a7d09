import { assert, describe, it } from "@effect/vitest"

import { conceal, redact } from "../src/errors/Redaction.ts"
import { randomOf } from "./ledger.ts"

const html = (text: string) =>
  [...text].map((character) => `&#${character.codePointAt(0)};`).join("")
const hex = (text: string) =>
  [...text].map((character) => `&#x${(character.codePointAt(0) ?? 0).toString(16)};`).join("")
const unicode = (text: string) =>
  text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("")
const percent = (text: string) =>
  [...new TextEncoder().encode(text)]
    .map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
    .join("")

const spellings: ReadonlyArray<readonly [string, (text: string) => string]> = [
  ["as it is", (text) => text],
  ["in capitals", (text) => text.toUpperCase()],
  ["in small letters", (text) => text.toLowerCase()],
  ["in JSON", (text) => JSON.stringify(text)],
  ["in JSON in JSON", (text) => JSON.stringify(JSON.stringify({ text }))],
  ["in JSON in ASCII", unicode],
  ["in JSON with \\/", (text) => text.replaceAll("/", "\\/")],
  ["in a URL", encodeURIComponent],
  ["in a URL, every byte", percent],
  ["in a form", (text) => encodeURIComponent(text).replaceAll("%20", "+")],
  ["in HTML", (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")],
  ["in HTML by number", html],
  ["in HTML by hex number", hex],
  ["decomposed", (text) => text.normalize("NFD")],
  ["over several lines", (text) => text.replaceAll(" ", "\r\n  ")],
]

const secrets = [
  "email:ana.canary@example.org",
  "Ana María de la Peña",
  'say "canary" & <go>',
  "/path/with/slashes",
  "İstanbul Çınar",
  "😀 canary",
  "+60123456789",
]

describe("redact", () => {
  for (const [how, spell] of spellings) {
    it(`takes a value out that is echoed ${how}`, () => {
      for (const secret of secrets) {
        const shown = redact(`before ${spell(secret)} after`, secrets, 200)
        assert.match(shown, /^before .*….* after$/, `${secret} as ${spell(secret)}`)
        assert.notMatch(shown, /canary|peña|pen\u0303a|slashes|nar\b|60123/i, spell(secret))
      }
    })
  }

  it("takes out what looks like an address, a number or a token", () => {
    assert.strictEqual(
      redact(
        "mail bob@example.com or call 012-345 6789, key sk_live_0123456789abcdefghijklmnop",
        [],
        200,
      ),
      "mail … or call …, key …",
    )
  })

  it("takes out the longer of two secrets that overlap", () => {
    assert.strictEqual(redact("id: Annabel Lee", ["Anna", "Annabel Lee"], 200), "id: …")
  })

  it("shows no part of a value that its bounds cut in half", () => {
    const secret = "Zwetschgenbaum-Canary-With-A-Rather-Long-Name"
    for (let at = 3_900; at < 4_020; at++) {
      // markup shrinks, so a value at the bound of the search can come to the front
      const text =
        `<b>${"<i></i>".repeat(Math.floor(at / 7))}`.slice(0, at).padEnd(at, " ") + secret
      assert.notMatch(redact(text, [secret], 200), /zwetsch|canary/i, `at ${at}`)
    }
    for (let at = 150; at < 210; at++) {
      assert.notMatch(redact("-".repeat(at) + secret, [secret], 200), /Zwetsch/)
    }
  })

  it("leaves no markup and no control characters, and no half of a pair", () => {
    const shown = redact('<script>alert(1)</script>\u0000\u001B[2J\u202Eevil\uD800 "fine"', [], 200)
    assert.strictEqual(shown, 'alert(1) [2J evil\uFFFD "fine"')
  })

  it("is never longer than asked, and never throws", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const random = randomOf(seed)
      const text = String.fromCharCode(
        ...Array.from({ length: 300 }, () => Math.floor(random() * 65_536)),
      )
      assert.isAtMost(redact(text, [text.slice(3, 20), text], 50).length, 50)
      assert.isAtMost(conceal(text, [text.slice(3, 20)], 50).length, 50)
    }
  })

  it("takes linear time for hostile text of 1 MiB", () => {
    const many = Array.from({ length: 200 }, (_, i) => `value number ${i} of many`)
    // a quadratic search would take minutes and reach the limit of the test
    for (const piece of ["<", "a@", "1 ", "a-", "\\u00", "%4", "&#1", "x"]) {
      assert.isAtMost(redact(piece.repeat(1_048_576 / piece.length), many, 200).length, 200)
    }
  })
})

describe("conceal", () => {
  it("takes out the secrets and leaves dates, ids and numbers", () => {
    assert.strictEqual(
      conceal("Sun, 06 Nov 1994 08:49:37 GMT", secrets, 200),
      "Sun, 06 Nov 1994 08:49:37 GMT",
    )
    assert.strictEqual(conceal("req for 60123456789", secrets, 200), "req for …")
  })
})
