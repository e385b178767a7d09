/** What the blocks refuse by themselves, as an error that can go through `next` to the error mapper. */
import type { RefusalCode } from "./Status.ts"
import { refusals } from "./Status.ts"

const brand = Symbol.for("@aelyst/express/Refusal")

/** Tells that a block refused the request before anything was sent; `code` says why. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly code: RefusalCode
  readonly status: number
  /** Goes into the answer. */
  readonly headers: Readonly<Record<string, string>>
  readonly retryAfterMs: number | undefined

  constructor(
    code: RefusalCode,
    more: {
      readonly headers?: Readonly<Record<string, string>>
      readonly retryAfterMs?: number
      /** For who reads the logs; visitors are told what the table says. */
      readonly message?: string
    } = {},
  ) {
    super(more.message ?? refusals[code].message)
    this.code = code
    this.status = refusals[code].status
    this.headers = more.headers ?? {}
    this.retryAfterMs = more.retryAfterMs
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Tells whether a value is a refusal, from this copy of the package or another. */
export const isRefusal = (u: unknown): u is Refusal =>
  typeof u === "object" && u !== null && Reflect.get(u, brand) === true
