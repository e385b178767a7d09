/**
 * Random phone numbers of every country's plan, each written in ten ways that people use, and the check that each was read
 * as the number that was written, or refused.
 */
import { Sandbox } from "@aelyst/sandbox"
import type { CountryCode, PhoneNumber } from "libphonenumber-js/max"
import { getCountries, getExampleNumber, parsePhoneNumberFromString } from "libphonenumber-js/max"
import examples from "libphonenumber-js/mobile/examples"

/** A number as a person wrote it. */
export interface Written {
  readonly country: CountryCode
  readonly way: string
  readonly text: string
  /** The numbers that the text may stand for, in E.164; anything else must be refused. */
  readonly right: ReadonlyArray<string>
}

/** Returns a generator of numbers from 0 to below 1, the same for a seed. */
const randomOf = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Returns a valid number like the example of a country, with its last three digits drawn. */
const draw = (country: CountryCode, random: () => number): PhoneNumber => {
  const example = getExampleNumber(country, examples)
  if (example === undefined) throw new Error(`${country} has no example`)
  const last = String(Math.floor(random() * 1_000)).padStart(3, "0")
  const drawn = parsePhoneNumberFromString(example.number.slice(0, -3) + last)
  return drawn?.isValid() === true && drawn.country === country ? drawn : example
}

/** Returns what digits mean to the plans by themselves, if that is a valid number with the same digits. */
const asItIs = (digits: string, country?: CountryCode): ReadonlyArray<string> => {
  const parsed = parsePhoneNumberFromString(digits, country)
  const isSame = parsed?.isValid() === true && parsed.number.endsWith(digits.replace("+", ""))
  return isSame ? [parsed.number] : []
}

/** Writes a number in ten ways. */
const write = (number: PhoneNumber, country: CountryCode): ReadonlyArray<Written> => {
  const { countryCallingCode: code, nationalNumber: national, number: e164 } = number
  const spaced = number.formatInternational()
  const grouped = spaced.slice(code.length + 2)
  const digits = `${code}${national}`
  // a plan may have a zero there, and bare digits may be a number of the country: both are then what was written
  const withZero = asItIs(`+${code}0${national}`)
  const inCountry = asItIs(digits, country)
  const ways: Readonly<Record<string, readonly [text: string, ...others: ReadonlyArray<string>]>> =
    {
      strict: [e164],
      spaced: [spaced],
      national: [number.formatNational()],
      "with a trunk zero in brackets": [`+${code} (0)${grouped}`, ...withZero],
      "with a trunk zero": [`+${code} 0${grouped}`, ...withZero],
      "with brackets, dots and an extension": [
        `(+${code}) ${grouped.replaceAll(/[ -]/g, ".")} ext. 7`,
      ],
      "in full width": [
        spaced.replaceAll(/[+\d]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
      ],
      "without +": [digits, ...inCountry],
      "with 00": [`00${digits}`, ...asItIs(`00${digits}`, country)],
      "from a spreadsheet": [`${digits}.0`, ...inCountry],
    }
  return Object.entries(ways).map(([way, [text, ...others]]) => ({
    country,
    way,
    text,
    right: [e164, ...others],
  }))
}

/** Returns a number of each country, each in ten ways. */
export const writtenNumbers = (seed: number): ReadonlyArray<Written> => {
  const random = randomOf(seed)
  return getCountries().flatMap((country) => {
    if (examples[country] === undefined) return []
    const number = draw(country, random)
    // a few islands have numbers that are shorter than the API's (D2)
    return number.number.length > 8 ? write(number, country) : []
  })
}

/** Returns some of the numbers. */
export const someNumbers = (seed: number, size: number): ReadonlyArray<Written> => {
  const random = randomOf(seed)
  const drawn = writtenNumbers(seed).map((written) => ({ written, order: random() }))
  const sorted = drawn.toSorted((a, b) => a.order - b.order)
  return sorted.slice(0, size).map(({ written }) => written)
}

/** The ways that are never refused. */
const sure = new Set(["strict", "spaced", "in full width", "with brackets, dots and an extension"])

/** Throws unless a number was read as itself, or refused (undefined) if its way may be refused. */
export const check = (
  { country, right, text, way }: Written,
  received: string | undefined,
): void => {
  if (received === undefined ? !sure.has(way) : right.includes(received)) return
  throw new Error(`${way}, ${country}: ${JSON.stringify(text)} became ${received ?? "nothing"}`)
}

/**
 * Sends each number as the contact `id:<position>`, checks what the server received, and returns how many were refused.
 */
export const sendAll = async (
  numbers: ReadonlyArray<Written>,
  open: (sandbox: Sandbox) => (written: Written, id: `id:${number}`) => Promise<unknown>,
): Promise<number> => {
  await using sandbox = await Sandbox.start({ limit: 100_000 })
  const send = open(sandbox)
  await Promise.all(numbers.map((written, at) => send(written, `id:${at}`)))
  const received = new Map<string, string | undefined>(
    sandbox.contacts().map(({ identifier, phone }) => [identifier, phone]),
  )
  for (const [at, written] of numbers.entries()) check(written, received.get(`id:${at}`))
  return numbers.length - received.size
}
