/** The responses to visitors, for handlers of any framework. */
import * as Core from "@aelyst/core/adapter"
import type { AelystError as CoreError } from "@aelyst/core"

import type { AelystError } from "./errors.ts"

/** The response to a visitor whose contact was not created. */
export interface VisitorResponse {
  readonly status: number
  /** Stable; programs may compare it. */
  readonly code: string
  /** A sentence for people. */
  readonly message: string
}

/**
 * Holds the status and the code of each error's response to a visitor, by the name of the error.
 *
 * **Example**
 *
 * ```ts
 * import { visitorTable } from "@aelyst/node"
 *
 * console.log(visitorTable.InvalidContactError.status) // => 422
 * ```
 */
export const visitorTable: Readonly<
  Record<AelystError["name"], Pick<VisitorResponse, "status" | "code">>
> = Core.visitorTable

/**
 * Returns the response to a visitor whose contact was not created: nothing in it is from the API.
 *
 * **Example** (In a handler of any framework)
 *
 * ```ts
 * import { isAelystError, UnavailableError, visitorResponse } from "@aelyst/node"
 *
 * export const respond = (error: unknown): Response => {
 *   if (!isAelystError(error)) throw error
 *   const { status, ...body } = visitorResponse(error)
 *   return Response.json(body, { status })
 * }
 *
 * const busy = respond(new UnavailableError({ attempts: [], reason: "queue" }))
 * console.log(busy.status, await busy.text()) // => 503 {"code":"unavailable","message":"We are busy at the moment. …
 * ```
 */
export const visitorResponse = (error: AelystError): VisitorResponse =>
  // safe: the classes of both types are the same
  Core.visitorResponse(error as CoreError)
