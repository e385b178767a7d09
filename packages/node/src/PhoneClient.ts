/**
 * A client that reads phone numbers as people write them. The numbering plans are large: they are a separate chunk, which
 * is loaded when a number first needs them.
 */
import * as Core from "@aelyst/core"
import { PhoneReading, needsPhonePlans } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

type Client = Core.AelystClient["Service"]

/** Loads the numbering plans, once. */
export const loadPlans = (): Promise<PhoneReading.PhonePlans> => import("./phonePlans.ts")

/** Creates the error for issues of a contact. */
export const invalid = (issues: ReadonlyArray<Core.Issue>): Core.InvalidContactError =>
  new Core.InvalidContactError({ attempts: [], issues })

/** Reports a call that was aborted while the plans were loading. */
const notSent = Effect.flatMap(
  Core.Hooks.Hooks,
  ({ onOutcome }) =>
    Core.Hooks.notify(onOutcome, { outcome: "not_sent", attempts: [] }) ?? Effect.void,
)

const explain = (issue: Core.Issue): Core.Issue =>
  issue.code === "PHONE_INVALID"
    ? { ...issue, suggestion: "validate needs E.164: convert it with `await parsePhone(…)` first" }
    : issue

/** A client, and its check of a contact that may wait for the numbering plans. */
export interface ReadingClient extends Client {
  readonly prepare: (
    identifier: unknown,
    contact: unknown,
  ) => Effect.Effect<Core.Validated, Core.InvalidContactError>
}

/** Returns a client that reads phone numbers as those of a country; without one, it needs them in E.164. */
export const readingPhones = (
  client: Client,
  country: string | undefined,
  options: {
    readonly customFields?: Core.CustomField.Catalogue | undefined
    readonly fill?: boolean | undefined
  },
): ReadingClient => {
  if (country === undefined) return { ...client, prepare: client.validate }
  const read = (first: unknown, second: unknown) =>
    Effect.flatMap(Effect.promise(loadPlans), (plans) => {
      const valid = PhoneReading.validateWith(plans, first, second, country, options)
      return Effect.fromResult(Result.mapError(valid, invalid))
    })
  return {
    ...client,
    create: (
      first: string | Core.Validated,
      second?: Core.ContactInput | Core.CreateOptions,
      third?: Core.CreateOptions,
    ) => {
      if (!needsPhonePlans(first, second)) {
        // safe: the arguments of one of the two forms, passed on as they are
        return client.create(first as string, second as Core.ContactInput, third)
      }
      return read(first, second).pipe(
        Effect.onInterrupt(() => notSent),
        Effect.flatMap((valid) => client.create(valid, third)),
      )
    },
    prepare: (identifier, contact) =>
      needsPhonePlans(identifier, contact)
        ? read(identifier, contact)
        : client.validate(identifier, contact),
    // it cannot wait for the plans
    validate: (identifier, contact) =>
      Effect.mapError(client.validate(identifier, contact), ({ issues }) =>
        invalid(issues.map(explain)),
      ),
  }
}
