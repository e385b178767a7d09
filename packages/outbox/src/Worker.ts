/**
 * Sends the rows of a store: claims them, creates each contact in one long run of the client, and notes how it ended. The
 * intent of each request is durable before the request may leave, its outcome before it is reported.
 */
import { Identifier } from "@aelyst/core"
import type { Allowance, ContactInput, GatedAttempt } from "@aelyst/core/types"
import type { Cipher } from "@aelyst/journal/storage"
import { UnreadablePayload } from "@aelyst/journal/storage"

import { Claims } from "./Claims.ts"
import { backoffMs, endingOf, messageOf } from "./Endings.ts"
import type { Settings } from "./options.ts"
import type { OutboxError } from "./OutboxError.ts"
import { unreadable } from "./OutboxError.ts"
import type { Claim, EndState, Ending, Store } from "./Store.ts"
import type { ClientRowResult, ClientRun, OutboxClient, OutboxRow, Submission } from "./types.ts"
import { Waits } from "./Waits.ts"

/** A contact as it is stored: as the client has checked it. */
interface Stored {
  readonly identifier: Identifier.Identifier
  readonly contact: ContactInput
}

/** How long the store is left alone when nothing is due, in milliseconds. */
const pollMs = 500
/** How long nothing is sent after the store or the API failed, in milliseconds. */
const pauseMs = 5_000
/** The same for a token that is not accepted, which doubles up to this. */
const longestPauseMs = 60_000

/** The parts of a worker. */
export interface WorkerParts {
  readonly client: OutboxClient
  readonly store: Store
  readonly cipher: Cipher
  readonly settings: Settings
  readonly onEnd: (id: string, submission: Submission) => void
}

/** Sends until it is stopped. */
export class Worker {
  readonly #parts: WorkerParts
  readonly #claims: Claims
  readonly #notes = new Set<Promise<void>>()
  readonly #loop: Promise<void>
  readonly #cut = new AbortController()
  readonly #waits = new Waits()
  #run: ClientRun | undefined
  #failure: unknown
  /** The error of rows that no key decrypts, by the id of the key that they need. */
  readonly #missingKeys = new Map<string, OutboxError>()
  /** How many runs in a row the API has not authorized. */
  #unauthorized = 0
  #lastSaid: string | undefined

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.#claims = new Claims(parts.store, parts.settings.leaseMs)
    this.#loop = this.#work()
  }

  /** The errors of rows that no key decrypts, by the id of the key that they need. */
  get missingKeys(): ReadonlyMap<string, OutboxError> {
    return this.#missingKeys
  }

  /** Claims rows now: one was added. */
  wake(): void {
    this.#waits.wake()
  }

  /** Stops: requests in flight end, within that time; what was not sent goes back. */
  async stop(timeoutMs: number): Promise<void> {
    this.#waits.stop()
    this.#run?.stop()
    const timer = setTimeout(() => this.#cut.abort(), timeoutMs)
    await this.#loop
    clearTimeout(timer)
    this.#claims.stop()
  }

  async #work(): Promise<void> {
    while (!this.#waits.isStopped) {
      const stopped = await this.#sendAll().catch((error: unknown) => {
        if (this.#failure === undefined)
          this.#say("CLIENT", `contacts wait, since the client cannot send: ${messageOf(error)}`)
        else this.#say("STORE", `the outbox pauses until its store works: ${messageOf(error)}`)
        return "failed"
      })
      if (stopped === "unauthorized") {
        this.#say(
          "TOKEN",
          "the API does not accept the token (401): contacts stay in the outbox until it does",
        )
        await this.#waits.pause(Math.min(pauseMs * 2 ** this.#unauthorized++, longestPauseMs))
      } else if (stopped === "gate") await this.#waits.pause(pollMs)
      else if (stopped !== "completed") await this.#waits.pause(pauseMs)
    }
  }

  /** Logs a problem once, until a contact has ended. */
  #say(kind: "STORE" | "TOKEN" | "CLIENT", message: string): void {
    if (this.#lastSaid === message) return
    this.#lastSaid = message
    this.#parts.settings.log({ level: "error", code: `ERR_AELYST_OUTBOX_${kind}`, message })
  }

  /** Ends the run, as the store has failed. */
  readonly #fail = (error: unknown): void => {
    this.#failure ??= error
    this.#run?.stop()
  }

  /** Sends in one run of the client until that stops; returns why. */
  async #sendAll(): Promise<string | undefined> {
    const { client, settings } = this.#parts
    this.#claims.begin()
    this.#failure = undefined
    const run = client.contacts.createMany(this.#rows(), {
      concurrency: settings.concurrency,
      delivery: settings.delivery,
      gate: this.#gate,
      signal: this.#cut.signal,
    })
    this.#run = run
    if (this.#waits.isStopped) run.stop()
    try {
      for await (const result of run) this.#track(this.#end(result).catch(this.#fail))
      await Promise.all(this.#notes)
    } finally {
      await this.#claims.releaseAll().catch(this.#fail)
    }
    if (this.#failure !== undefined) throw this.#failure
    return (await run.summary()).stopped
  }

  /** Claims rows as the run asks for them; waits while none are due. */
  async *#rows(): AsyncGenerator<OutboxRow, void> {
    const { concurrency } = this.#parts.settings
    while (!this.#waits.isStopped) {
      let claims: ReadonlyArray<Claim> = []
      try {
        claims = await this.#claims.take(concurrency, [...this.#missingKeys.keys()])
      } catch (error) {
        this.#fail(error)
        return
      }
      for (const claim of claims) {
        const sent = this.#read(claim)
        if (sent !== undefined) yield sent
      }
      if (claims.length === 0) await this.#waits.forRows(pollMs)
    }
  }

  /** Decrypts a claimed row. One that was changed is parked, one without a key given back, so that they hold up no other. */
  #read(claim: Claim): OutboxRow | undefined {
    let submission: Stored
    try {
      // safe: the cipher has checked that an outbox has written it
      submission = this.#parts.cipher.open(claim.id, claim.payload) as Stored
    } catch (cause) {
      const error = unreadable(cause)
      const keyId = cause instanceof UnreadablePayload ? cause.keyId : undefined
      if (keyId !== undefined) return this.#leave(claim, keyId, error)
      const message = `the contact ${claim.id} is parked: ${messageOf(error)}`
      this.#parts.settings.log({ level: "error", code: error.code, message })
      return this.#park(claim, "UnreadablePayload")
    }
    // it was sent before, and only a person may send it again
    const needsPerson = claim.doubt && !claim.replay
    if (needsPerson && this.#parts.settings.delivery === "at-most-once")
      return this.#park(claim, "OutcomeUnknownError", submission)
    const { contact, identifier } = submission
    this.#claims.send(Identifier.key(identifier), claim)
    return { identifier, contact, doubt: claim.doubt, id: claim.id }
  }

  /** Returns a row to the processes that have its key. This one says so once, and claims no more of them. */
  #leave(claim: Claim, keyId: string, error: OutboxError): undefined {
    if (!this.#missingKeys.has(keyId)) {
      const { code, message } = error
      this.#missingKeys.set(keyId, error)
      this.#parts.settings.log({ level: "error", code, message })
    }
    const left = this.#giveBack(claim, {}).finally(() => this.#claims.drop(claim))
    this.#track(left.catch(this.#fail))
  }

  #park(claim: Claim, error: string, submission?: Stored): undefined {
    const park = async () => {
      const isOurs = await this.#parts.store.end(claim, "parked", { error, lost: false })
      this.#claims.drop(claim)
      if (isOurs && submission !== undefined) this.#parts.onEnd(claim.id, submission)
    }
    this.#track(park().catch(this.#fail))
  }

  readonly #gate = {
    before: async ({ key }: GatedAttempt): Promise<Allowance> => {
      const claim = this.#claims.sent(key)
      if (claim === undefined || this.#waits.isStopped) throw new Error("the outbox stops")
      // read before the claim is checked: a later lease may no longer hold this row
      const notAfter = this.#claims.leaseEnd
      const isOurs = await this.#parts.store.intend(claim).catch((error: unknown) => {
        this.#fail(error)
        throw error
      })
      if (!isOurs) throw new Error("another process has taken the contact over")
      return { notAfter }
    },
  }

  /** Ends the claim that a result is of. Its lease is extended until that is noted. */
  async #end(result: ClientRowResult): Promise<void> {
    const { id, identifier } = result.row
    const claim = this.#claims.held(id)
    if (claim === undefined) return
    this.#claims.unsend(Identifier.key(identifier), claim)
    await this.#note(claim, result).finally(() => this.#claims.drop(claim))
  }

  /** Notes how a contact ended. */
  async #note(claim: Claim, result: ClientRowResult): Promise<void> {
    const { error, outcome } = result
    const { contact, identifier } = result.row
    const { ending, lost } = endingOf(result)
    const end = async (state: EndState) => {
      const isOurs = await this.#parts.store.end(claim, state, { ...ending, lost })
      this.#unauthorized = 0
      this.#lastSaid = undefined
      if (isOurs) this.#parts.onEnd(claim.id, { identifier, contact })
    }
    switch (outcome) {
      case "created":
      case "existed":
      case "exists_after_doubt":
        return end(outcome)
      // it was valid when it was accepted, by other rules
      case "invalid":
      case "rejected":
        return end("rejected")
      case "unknown":
        return this.#isLastRound(claim) ? end("parked") : this.#retry(claim, ending)
      case "not_sent":
        return this.#giveBack(claim, ending, error?.retryAfterMs)
    }
  }

  #isLastRound({ rounds }: Claim): boolean {
    const { delivery, maxRounds } = this.#parts.settings
    return delivery === "at-most-once" || rounds + 1 >= maxRounds
  }

  /** Releases a contact in doubt, to be sent again later. */
  async #retry(claim: Claim, ending: Ending): Promise<void> {
    const how = {
      ...ending,
      delayMs: backoffMs(claim.rounds),
      doubt: true,
      rounds: claim.rounds + 1,
    }
    await this.#parts.store.release(claim, how)
  }

  /** Releases a contact that was provably not created. */
  async #giveBack(claim: Claim, ending: Ending, retryAfterMs = 0): Promise<void> {
    const { doubt, rounds } = claim
    const how = { ...ending, delayMs: retryAfterMs, doubt, rounds }
    await this.#parts.store.release(claim, how)
  }

  #track(note: Promise<void>): void {
    this.#notes.add(note)
    void note.finally(() => this.#notes.delete(note))
  }
}
