/** The error of a contact that exists already, told apart from other rejections. */
import { BadRequestError } from "./AelystError.ts"

/** A rejection because the contact exists. */
export type ExistsError = BadRequestError & { readonly exists: true }

/**
 * Checks whether an error says that the contact exists; narrows it to a `BadRequestError` whose `exists` is true.
 *
 * **Example** (Leave an existing contact as it is)
 *
 * ```ts
 * import { AelystClient, isExists } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const create = AelystClient.use((client) => client.create("id:exists-example", { firstName: "Ana" }))
 * const program = Effect.andThen(create, create).pipe(
 *   Effect.map(({ result }) => result),
 *   Effect.catchIf(isExists, ({ status }) => Effect.succeed(`exists (${status})`)),
 *   Effect.provide(Layer.provide(AelystClient.layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * console.log(await Effect.runPromise(program)) // => exists (400)
 * ```
 */
export const isExists = (error: unknown): error is ExistsError =>
  error instanceof BadRequestError && error.exists
