/** The calls of a client as Promises: checks their options, runs them, and converts their results. */
import * as Core from "@aelyst/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Calls, Ended } from "./Calls.ts"
import { toCore } from "./Gate.ts"
import { hideMembers } from "./Inspection.ts"
import * as Options from "./options.ts"
import type { ReadingClient } from "./PhoneClient.ts"
import { toResult } from "./results.ts"
import { runOf } from "./Run.ts"
import type * as Types from "./types.ts"
import type {
  ContactInput,
  CreateManyOptions,
  CreateOptions,
  CreatePromise,
  CreateResult,
  IdentifierInput,
  Row,
  Run,
  TryCreateResult,
  ValidationResult,
} from "./types.ts"

/**
 * Returns the result of a call or throws its error. The stack of the error then shows the line that awaits the call: the
 * error was created in the callback of a socket, so all other frames are inside this package.
 */
const resultOf = async (call: Promise<Ended>): Promise<CreateResult> => {
  const ended = await call
  if (ended._tag === "Created") return toResult(ended.value)
  if (ended._tag === "Failed") {
    Error.captureStackTrace?.(ended.error, resultOf)
    throw ended.error
  }
  throw ended._tag === "Aborted" ? ended.reason : ended.defect
}

const checkedBy = (
  checked: Result.Result<Core.Validated, Core.InvalidContactError>,
): ValidationResult =>
  Result.isSuccess(checked)
    ? { ok: true, identifier: checked.success.identifier, contact: checked.success.payload }
    : { ok: false, error: checked.failure }

const outcomeOf = ({ outcome }: Ended) => outcome

/** Creates contacts with core's client. */
export class Contacts<Fields> implements Types.Contacts<Fields> {
  readonly #client: ReadingClient
  readonly #calls: Calls

  constructor(client: ReadingClient, calls: Calls) {
    this.#client = client
    this.#calls = calls
    // so that they can be taken off the object: `const { create } = aelyst.contacts`
    this.create = this.create.bind(this)
    this.tryCreate = this.tryCreate.bind(this)
    this.createMany = this.createMany.bind(this)
    this.prepare = this.prepare.bind(this)
    this.validate = this.validate.bind(this)
  }

  #run(identifier: string, contact: ContactInput<Fields>, options: CreateOptions): Promise<Ended> {
    const call = Options.checkCall(options)
    // safe: core checks the contact at run time, whatever its type
    const input = contact as Core.ContactInput
    const create = this.#client.create(identifier, input, call.options)
    const gate = toCore(options.gate)
    const gated = gate ? Effect.provideService(create, Core.AttemptGate.AttemptGate, gate) : create
    return this.#calls.run(gated, call)
  }

  /** Runs a call; an invalid option rejects. */
  #start(
    identifier: string,
    contact: ContactInput<Fields>,
    options: CreateOptions,
  ): Promise<Ended> {
    try {
      return this.#run(identifier, contact, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  create(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options: CreateOptions = Options.noOptions,
  ): CreatePromise {
    const ended = this.#start(identifier, contact, options)
    const created = resultOf(ended)
    return Object.assign(created, {
      withResponse: async () => {
        const value = await created
        const end = await ended
        const head = end._tag === "Created" ? end.value.response : undefined
        const response = { status: head?.status ?? 0, headers: { ...head?.headers } }
        return { value, response, rateLimit: value.rateLimit }
      },
      outcome: () => {
        // a caller that asks for the outcome handles the error
        created.catch(() => undefined)
        return ended.then(outcomeOf, () => "not_sent" as const)
      },
    })
  }

  async tryCreate(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options: CreateOptions = Options.noOptions,
  ): Promise<TryCreateResult> {
    const ended = await this.#run(identifier, contact, options)
    switch (ended._tag) {
      case "Created":
        return { ok: true, value: toResult(ended.value) }
      case "Failed":
        return { ok: false, error: ended.error, outcome: ended.outcome, aborted: false }
      case "Aborted":
        return { ok: false, error: ended.reason, outcome: ended.outcome, aborted: true }
      case "Died":
        throw ended.defect
    }
  }

  createMany<A extends Row<Fields>>(
    rows: Iterable<A> | AsyncIterable<A>,
    options: CreateManyOptions = {},
  ): Run<A> {
    Options.checkRows(rows)
    // safe: core checks every contact at run time, whatever its type
    const inputs = rows as Iterable<A & Core.Row> | AsyncIterable<A & Core.Row>
    return runOf(this.#calls, this.#client, inputs, options)
  }

  async prepare(identifier: unknown, contact: unknown): Promise<ValidationResult> {
    return checkedBy(
      await Effect.runPromise(Effect.result(this.#client.prepare(identifier, contact))),
    )
  }

  validate(identifier: unknown, contact: unknown): ValidationResult {
    return checkedBy(Effect.runSync(Effect.result(this.#client.validate(identifier, contact))))
  }

  static {
    hideMembers(this)
  }
}
