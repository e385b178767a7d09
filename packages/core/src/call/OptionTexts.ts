/** A sentence for each option, for READMEs, help texts and schemas; the ranges are in `OptionTable.ts`. */
import type { OptionText } from "../types.ts"
import type { OptionName } from "./OptionTable.ts"

const text = (sentence: string, otherwise?: string): OptionText =>
  otherwise === undefined ? { sentence } : { sentence, otherwise }

/**
 * Describes each option: for READMEs, help texts and schemas. Kept out of the table, so that client bundles do not contain it.
 *
 * **Example**
 *
 * ```ts
 * import { optionTexts } from "@aelyst/core/adapter"
 *
 * console.log(optionTexts.retries.sentence) // => Resends after the first attempt; 0 for none
 * ```
 */
export const optionTexts: Readonly<Record<OptionName, OptionText>> = {
  token: text("The bearer token, 8 to 4,096 visible ASCII characters", "required"),
  baseUrl: text("URL of the API: https, or http on a loopback host or with a sandbox token"),
  timeout: text("Time to the first byte of one attempt's response"),
  deadline: text("Time for all attempts and waits together"),
  retries: text("Resends after the first attempt; 0 for none"),
  delivery: text("What may be resent; `natural-key` includes attempts whose outcome is unknown"),
  maxWait: text("Longest `Retry-After` to wait for; 0 to never wait"),
  doubtDelay: text("Wait before an attempt whose outcome is unknown is resent"),
  settle: text(
    "Wait after a success, while the API processes the contact; 2 seconds is a good start",
  ),
  existing: text(
    "Whether a contact that exists is an error, or a success with the result `existed`",
  ),
  doubt: text("For authors of packages: an earlier attempt may have created the contact"),
  headers: text("More request headers; those that the client or HTTP sets are refused", "none"),
  maxQueue: text("Calls that may wait in the queue; further calls fail at once"),
  rateLimit: text(
    "`{ perSecond }` caps the rate that is learned from the API; `false` only waits after a 429",
  ),
  exists: text(
    "Recognises the response that means that the contact exists",
    "409, or a 400 that says so",
  ),
  customFields: text(
    "The custom fields that exist: checks names, converts values, gives types",
    "none",
  ),
  encodePlus: text(
    "Whether `+` in the path is sent as `%2B`, for gateways that read it as a space",
  ),
  fill: text("Whether a contact without email or phone gets that of its identifier"),
  propagateTrace: text("Whether `traceparent` is sent to the API"),
  concurrency: text("Rows in progress at a time, including those that wait in the queue"),
  ordered: text("Whether results come in the order of the source"),
  maxErrors: text(
    "Ends the run after this many rows that ended `invalid`, `rejected` or `unknown`",
    "no limit",
  ),
  giveUpAfter: text("Ends the run after this long without any response"),
  onProgress: text("Called with the counts after every row", "none"),
}
