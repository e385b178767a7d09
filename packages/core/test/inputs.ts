/** Generators of inputs, well-formed and hostile, for the property tests of the input modules. */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** How often each property is tried. */
export const runs = { arbitrary: { runs: 1000 } }

const int = (minimum: number, maximum: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

export const oneOf = <A>(
  first: Arbitrary.Arbitrary<A>,
  ...rest: ReadonlyArray<Arbitrary.Arbitrary<A>>
) => {
  const all = [first, ...rest]
  return Arbitrary.flatMap(int(0, all.length - 1), (i) => all[i] ?? first)
}

const pick = <const A extends string>(choices: readonly [A, ...Array<A>]) =>
  Arbitrary.schema(Schema.Literals(choices))

const join = (parts: Arbitrary.Arbitrary<Array<string>>) =>
  Arbitrary.map(parts, (list) => list.join(""))

/** Any sequence of UTF-16 code units, halves of surrogate pairs included. */
const anyUnits = join(
  Arbitrary.array(
    Arbitrary.map(int(0, 0xffff), (unit) => String.fromCharCode(unit)),
    { maxLength: 20 },
  ),
)

/** Texts made of the pieces that break parsers. */
export const hostileText = join(
  Arbitrary.array(
    pick([
      "email:",
      "phone:",
      "id:",
      "Email:",
      " ",
      "+",
      "60",
      "123456789",
      "@",
      ".",
      "..",
      "/",
      "\\",
      "?",
      "#",
      "%",
      "%2e",
      "%00",
      "a",
      "b.co",
      "\r\n",
      "\0",
      "\t",
      "\u202e",
      "\u200b",
      "\ud800",
      "\udc00",
      "😀",
      "é",
      "é",
      "İ",
      "ﬀ",
      "//",
      "http://",
      "__proto__",
      "-",
      "_",
      "'",
      "(",
      "!",
      "*",
      "\u3000",
      "\ufeff",
    ]),
    { maxLength: 8 },
  ),
)

export const text = oneOf(Arbitrary.schema(Schema.String), anyUnits, hostileText)

const visibleCharacter = oneOf(
  Arbitrary.map(int(0x21, 0x7e), (unit) => String.fromCharCode(unit)),
  pick(["é", "ü", "ß", "名", "😀", "İ", "Σ", "́", "Å", "ﬀ", "क"]),
)

/** Visible characters without an `@`. */
const word = Arbitrary.map(
  join(Arbitrary.array(visibleCharacter, { minLength: 1, maxLength: 12 })),
  (s) => s.replaceAll("@", "a"),
)

/** Addresses that D2 allows, most of them odd. A local part that begins like a prefix is left out. */
export const emailText = Arbitrary.map(
  Arbitrary.all([word, word]),
  ([local, domain]) => `x${local}@${domain}`,
)

export const phoneText = Arbitrary.map(
  Arbitrary.all([int(1, 9), Arbitrary.array(int(0, 9), { minLength: 7, maxLength: 14 })]),
  ([first, rest]) => `+${first}${rest.join("")}`,
)

export const identifierText = oneOf(
  Arbitrary.map(emailText, (s) => `email:${s}`),
  Arbitrary.map(phoneText, (s) => `phone:${s}`),
  Arbitrary.map(word, (s) => `id:x${s}`),
  Arbitrary.map(word, (s) => `x${s}`),
)

/** A text that a name or a custom field may hold: no NUL, no half of a surrogate pair. */
export const givenText = Arbitrary.map(oneOf(text, word), (s) =>
  s.replaceAll("\0", "").replace(/[\ud800-\udfff]/gu, ""),
)

const two = (n: number) => String(n).padStart(2, "0")

export const dateText = Arbitrary.map(Arbitrary.all([int(1, 9999), int(0, 366)]), ([year, day]) => {
  const date = new Date(0)
  date.setUTCFullYear(year, 0, 1 + Math.min(day, 364))
  return date.toISOString().slice(0, 10)
})

export const timeText = Arbitrary.map(
  Arbitrary.all([int(0, 23), int(0, 59)]),
  ([h, m]) => `${two(h)}:${two(m)}`,
)

export const urlText = Arbitrary.map(
  Arbitrary.all([
    pick(["", "http://", "https://", "HTTPS://"]),
    pick(["www.website.com", "website.com", "a-b.example.museum", "bücher.de", "127.0.0.1"]),
    pick(["", ":8080"]),
    pick(["", "/", "/a?b=c#d", "?q", "#f"]),
  ]),
  (parts) => parts.join(""),
)

export const finite = Arbitrary.schema(
  Schema.Finite.check(
    // larger integers are refused (D16)
    Schema.makeFilter<number>((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
  ),
)
const boolean = Arbitrary.schema(Schema.Boolean)

const nullable = <A>(value: Arbitrary.Arbitrary<A>): Arbitrary.Arbitrary<A | null | undefined> =>
  oneOf<A | null | undefined>(value, value, Arbitrary.Constant(null), Arbitrary.Constant(undefined))

const wireValue = oneOf<string | number | boolean>(givenText, finite, boolean)

const fieldName = Arbitrary.map(givenText, (s) => `f${s}`)

const unique = <A extends { readonly name: string }>(pairs: ReadonlyArray<A>) => [
  ...new Map(pairs.map((pair) => [pair.name, pair])).values(),
]

export const pairs = Arbitrary.map(
  Arbitrary.array(Arbitrary.all({ name: fieldName, value: nullable(wireValue) }), { maxLength: 5 }),
  unique,
)

const record = Arbitrary.map(pairs, (list) =>
  Object.fromEntries(list.map(({ name, value }) => [name, value])),
)

/** Contacts that every rule allows. */
export const contact = Arbitrary.map(
  Arbitrary.all({
    firstName: Arbitrary.map(givenText, (s) => `${s}x`),
    lastName: nullable(givenText),
    phone: nullable(phoneText),
    email: nullable(emailText),
    language: nullable(pick(["ms", "en-US", "zh-Hant-TW", "fil"])),
    profilePic: nullable(Arbitrary.map(urlText, (url) => `https://${url.replace(/^.*:\/\//, "")}`)),
    countryCode: nullable(pick(["MY", "my", "De"])),
    custom: oneOf<{ readonly customFields?: object; readonly custom_fields?: object }>(
      Arbitrary.Constant({}),
      Arbitrary.map(record, (customFields) => ({ customFields })),
      Arbitrary.map(pairs, (customFields) => ({ customFields })),
      Arbitrary.map(pairs, (custom_fields) => ({ custom_fields })),
    ),
  }),
  ({ custom, ...fields }) => ({ ...fields, ...custom }),
)

/** Any value at all: primitives, and objects and arrays of them with telling keys, a few levels deep. */
const scalar = oneOf<unknown>(
  text,
  finite,
  boolean,
  Arbitrary.Constant(null),
  Arbitrary.Constant(undefined),
  Arbitrary.Constant(Number.NaN),
  Arbitrary.Constant(Number.NEGATIVE_INFINITY),
  Arbitrary.Constant(1n),
  Arbitrary.Constant(Symbol.iterator),
  Arbitrary.map(Arbitrary.Constant(0), () => () => 0),
)

const keys = oneOf<string>(
  pick([
    "firstName",
    "lastName",
    "phone",
    "email",
    "language",
    "profilePic",
    "countryCode",
    "customFields",
    "custom_fields",
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "toJSON",
    "first_name",
    "name",
    "value",
    "0",
  ]),
  text,
)

const nest = (value: Arbitrary.Arbitrary<unknown>): Arbitrary.Arbitrary<unknown> =>
  oneOf<unknown>(
    value,
    Arbitrary.array(value, { maxLength: 4 }),
    Arbitrary.map(Arbitrary.array(Arbitrary.all([keys, value]), { maxLength: 8 }), (entries) => {
      const object: Record<string, unknown> = {}
      // as JSON.parse does, an own __proto__ included
      for (const [key, item] of entries) {
        Object.defineProperty(object, key, {
          value: item,
          enumerable: true,
          configurable: true,
          writable: true,
        })
      }
      return object
    }),
  )

export const anything = nest(nest(nest(scalar)))
