import { assert, describe, it } from "@effect/vitest"
import * as Rule from "../src/contact/TextRules.ts"
import { dateText, emailText, phoneText, runs, text, timeText, urlText } from "./inputs.ts"

const two = (n: number) => String(n).padStart(2, "0")

const predicates = {
  isEmail: Rule.isEmail,
  isPhone: Rule.isPhone,
  isUrl: Rule.isUrl,
  isAbsoluteUrl: Rule.isAbsoluteUrl,
  isLanguage: Rule.isLanguage,
  isCountryCode: Rule.isCountryCode,
  isDate: Rule.isDate,
  isTime: Rule.isTime,
}

const table = (
  holds: (text: string) => boolean,
  title: string,
  cases: { readonly takes: ReadonlyArray<string>; readonly rejects: ReadonlyArray<string> },
) => {
  describe(`${title}`, () => {
    it.each(cases.takes.map((input) => [JSON.stringify(input), input]))("takes %s", (_, input) => {
      assert.isTrue(holds(input))
    })
    it.each(cases.rejects.map((input) => [JSON.stringify(input), input]))(
      "rejects %s",
      (_, input) => {
        assert.isFalse(holds(input))
      },
    )
  })
}

table(Rule.isDate, "W4 date", {
  takes: [
    "2026-01-31",
    "2024-02-29",
    "2000-02-29",
    "2026-12-31",
    "2026-04-30",
    "0001-01-01",
    "9999-12-31",
  ],
  rejects: [
    "2026-02-30",
    "2026-02-29",
    "1900-02-29",
    "2100-02-29",
    "2026-04-31",
    "2026-00-10",
    "2026-13-01",
    "2026-01-00",
    "2026-01-32",
    "0000-01-01",
    "26-01-31",
    "2026-1-31",
    "31-01-2026",
    "2026/01/31",
    "20260131",
    "2026-01-31T00:00:00Z",
    " 2026-01-31",
    "2026-01-31\n",
    "２０２６-01-31",
    "+026-01-31",
    "2026-+1-31",
    "",
    "yyyy-mm-dd",
  ],
})

table(Rule.isTime, "W4 time", {
  takes: ["00:00", "13:00", "23:59", "09:05"],
  rejects: [
    "24:00",
    "23:60",
    "1:00",
    "1 PM",
    "01:00 PM",
    "13.00",
    "13:00:00",
    "1300",
    "-1:00",
    "13:0a",
    "13:00\n",
    "",
    "１３:00",
  ],
})

table(Rule.isUrl, "W4 URL", {
  takes: [
    "www.website.com",
    "https://www.website.com",
    "website.com",
    "http://website.com",
    "HTTPS://Website.com",
    "website.com/a/b?c=d#e",
    "website.com:8080",
    "https://website.com:443/",
    "https://bücher.de/ü",
    "https://localhost:4242/v1",
    "http://127.0.0.1/",
    "xn--bcher-kva.de",
    "https://a.b?x=http://c.d",
    "1and1.com",
    "https://website.com/a:b@c",
  ],
  rejects: [
    "",
    "website",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://website.com",
    "mailto:a@b.co",
    "file:///etc/passwd",
    "https://",
    "http:///a",
    "https:website.com",
    "//website.com",
    "https://user:pass@website.com",
    "user@website.com",
    "https://web site.com",
    "https://website.com/a b",
    "https://website.com\r\nHost: evil",
    "https://website.com/\0",
    "https://website.com/\u202e",
    ".website.com",
    "website..com",
    "website.com.",
    "-website.com",
    "website-.com",
    "website.com:",
    "website.com:99999",
    "website.com:8a",
    "website.com:-1",
    "https://web_site.com",
    "https://website.com\\@evil.com",
    `${"a".repeat(64)}.com`,
    `${"a.".repeat(127)}com`,
    "https://[::1]/",
  ],
})

table(Rule.isAbsoluteUrl, "a URL with its scheme", {
  takes: ["https://cdn.aelyst.ai/profile_avatar.png", "http://website.com"],
  rejects: ["cdn.aelyst.ai/profile_avatar.png", "ftp://website.com/a.png", "https://"],
})

table((url) => Rule.check(Rule.fields.profilePic, url, []) === undefined, "W3 profilePic", {
  takes: ["https://cdn.aelyst.ai/profile_avatar.png", `https://a.b/${"c".repeat(2036)}`],
  rejects: ["avatar.png", `https://a.b/${"c".repeat(2037)}`, `https://a.b/${"é".repeat(1019)}`],
})

table(Rule.isLanguage, "D10 language", {
  takes: [
    "ms",
    "fil",
    "en-US",
    "pt-BR",
    "zh-Hant-TW",
    "MS",
    "sl-rozaj-biske",
    "de-CH-1996",
    "en-u-ca-buddhist",
  ],
  rejects: [
    "",
    "m",
    "ms_MY",
    "Malay",
    "english",
    "ms-",
    "-ms",
    "ms--MY",
    "ms MY",
    "ms-MY\n",
    "12",
    "en-toolongsubtag",
    "en-u",
    "é",
    `en${"-a1".repeat(12)}`,
  ],
})

table(Rule.isCountryCode, "D10 countryCode", {
  takes: ["MY", "my", "mY"],
  rejects: ["", "M", "MYS", "M1", "60", "M ", "ＭＹ", "ßS", "ſs"],
})

table(Rule.isEmail, "D2 email", {
  takes: [
    "abdc@gmail.com",
    "root@localhost",
    "a/b?c#d@x",
    "é@ü",
    "a'b+c@d.e",
    `${"a".repeat(250)}@b.c`,
  ],
  rejects: [
    "",
    "@",
    "a@",
    "@b",
    "a",
    "a@b@c",
    "a b@c",
    "a@b ",
    "a@b\r\n",
    "a@b\0",
    "a\u200b@c",
    "a@b\u202e",
    "email:a@b.c",
    "mailto:a@b.c",
    "a\ud800@b",
    `${"a".repeat(251)}@b.c`,
  ],
})

table(Rule.isPhone, "D2 phone", {
  takes: ["+60123456789", "+12345678", "+123456789012345"],
  rejects: [
    "",
    "+",
    "60123456789",
    "+0123456789",
    "+1234567",
    "+1234567890123456",
    "+60 12",
    "++6012345678",
    "+6012345678a",
    "+60123456789\n",
    "+٦٠١٢١٢٣٣١١٢",
  ],
})

describe("every rule", () => {
  it.each(Object.entries(predicates))(
    "%s decides on ten million hostile characters",
    (_, holds) => {
      for (const piece of [
        "a",
        "@",
        ".",
        "a.",
        "-",
        "+",
        "1",
        "http://",
        "http://a.",
        "a@",
        "\u0301",
        "\ud800",
        "😀",
        "\0",
      ]) {
        const hostile = piece.repeat(10_000_000 / piece.length)
        assert.isFalse(holds(hostile))
        assert.isFalse(holds(`https://${hostile}`))
      }
    },
  )

  it.prop(
    "answers for every string",
    [text],
    ([input]) => {
      for (const holds of Object.values(predicates)) assert.isBoolean(holds(input))
    },
    runs,
  )

  it.prop(
    "takes what was made to fit it",
    [emailText, phoneText, dateText, timeText, urlText],
    ([email, phone, date, time, url]) => {
      assert.isTrue(Rule.isEmail(email))
      assert.isTrue(Rule.isPhone(phone))
      assert.isTrue(Rule.isDate(date))
      assert.isTrue(Rule.isTime(time))
      assert.isTrue(Rule.isUrl(url))
    },
    runs,
  )

  it("agrees with the calendar on every day of 1896 to 2104", () => {
    for (let year = 1896; year <= 2104; year++) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const date = new Date(Date.UTC(year, month - 1, day))
          const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
          if (Rule.isDate(`${year}-${two(month)}-${two(day)}`) !== real) {
            assert.fail(`disagrees on ${year}-${month}-${day}`)
          }
        }
      }
    }
  })
})

describe("phoneHint, emailHint", () => {
  it.each([
    ["+60 12-345 6789", "remove spaces and punctuation"],
    ["0060123456789", "write + in place of the leading 00"],
    ["(012) 345.6789", "begin with + and the country code, such as +60"],
    ["+0123456789", "write the country code after +, without a leading 0"],
    ["abc", undefined],
    ["1".repeat(100_000), undefined],
  ])("phoneHint helps with case %#", (input, hint) => {
    assert.strictEqual(Rule.phoneHint(input), hint)
  })

  it.each([
    ["ana @b.c", "remove character 4"],
    ["a@b.c;d@e.f", "give one address"],
    ["ana", undefined],
    ["@".repeat(100_000), undefined],
  ])("emailHint helps with case %#", (input, hint) => {
    assert.strictEqual(Rule.emailHint(input), hint)
  })
})

describe("check", () => {
  it.each<[keyof typeof Rule.fields, string, string]>([
    ["firstName", " ", "FIRST_NAME_MISSING"],
    ["lastName", "a".repeat(4097), "STRING_TOO_LONG"],
    ["phone", "a\0", "STRING_MALFORMED"],
    ["phone", "0123", "PHONE_INVALID"],
    ["email", "ana", "EMAIL_INVALID"],
    ["language", "Malay", "LANGUAGE_INVALID"],
    ["profilePic", `https://a.b/${"c".repeat(2037)}`, "PROFILE_PIC_TOO_LONG"],
    ["profilePic", "a.b/c.png", "PROFILE_PIC_INVALID"],
    ["countryCode", "MYS", "COUNTRY_CODE_INVALID"],
  ])("names the first rule that %s breaks, case %#", (name, input, code) => {
    assert.strictEqual(Rule.check(Rule.fields[name], input, [name])?.code, code)
  })

  it("has a place and a hint, and nothing for a text that keeps all rules", () => {
    const issue = Rule.check(Rule.fields.lastName, "ab\0", ["lastName"])
    assert.deepStrictEqual(issue?.path, ["lastName"])
    assert.strictEqual(issue?.suggestion, "remove character 3")
    assert.isUndefined(Rule.check(Rule.fields.lastName, "", []))
    assert.isUndefined(Rule.check(Rule.customFieldName, "Company Website", []))
    assert.strictEqual(
      Rule.check(Rule.customFieldName, "constructor", [])?.code,
      "CUSTOM_FIELD_RESERVED",
    )
  })
})
