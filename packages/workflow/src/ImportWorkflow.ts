/**
 * The steps of an import that several machines send: checked (planned in the journal), approved, sent by workers, ended. It
 * can be paused, continued and cancelled at any time, and followed from anywhere.
 */
import type { RunsService } from "@aelyst/journal"
import { JournalError, Runs } from "@aelyst/journal"
import type { RunStatus, SharedProgress } from "@aelyst/journal/postgres"
import { SharedRuns } from "@aelyst/journal/postgres"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

/**
 * The step of an import. `checked`: planned, and no row may be sent. `running`: workers send it. `ended`: no row is left, but
 * for those of parked ranges.
 */
export type ImportStep = "checked" | "running" | "paused" | "cancelled" | "ended"

/** An import, seen over all machines. */
export interface ImportStatus extends Omit<SharedProgress, "status"> {
  readonly run: string
  readonly step: ImportStep
}

/** The operations on imports. All fail with `JournalError`, with `not_found` if there is no such run. */
export interface ImportWorkflowService {
  /**
   * Creates the tables unless they are there, and fails with `denied`, which names the privilege, if the user of the database may
   * not use them.
   */
  readonly check: Effect.Effect<void, JournalError>
  /**
   * Lets workers send a planned run, also one that has ended with rows left. `tokenClass` is that of a token that took the place of
   * the run's own: only its workers send the run then. Fails with `not_planned` if its rows are not planned.
   */
  readonly approve: (
    run: string,
    options?: { readonly tokenClass?: string },
  ) => Effect.Effect<void, JournalError>
  /** Lets no further attempt leave; requests under way end as usual. An import that has ended stays so. */
  readonly pause: (run: string) => Effect.Effect<void, JournalError>
  /** Continues a paused import, and tries parked ranges again, of one that has ended too. Fails with `cancelled` if it was cancelled. */
  readonly resume: (run: string) => Effect.Effect<void, JournalError>
  /**
   * Ends an import as it is, for good: rows that are left stay `not_sent`, and what was stored of their contacts is erased. One
   * that has ended without such or unknown rows stays as it is.
   */
  readonly cancel: (run: string) => Effect.Effect<void, JournalError>
  /** Deletes a run and its import. Fails with `locked` while workers may send it. */
  readonly remove: (run: string) => Effect.Effect<void, JournalError>
  /** Deletes what `Runs.prune` deletes, with the imports; returns the IDs. */
  readonly prune: RunsService["prune"]
  readonly status: (run: string) => Effect.Effect<ImportStatus, JournalError>
  /** Emits the status now and then once per interval (default 1 s), until the import has ended or is cancelled. */
  readonly follow: (
    run: string,
    every?: Duration.Input,
  ) => Stream.Stream<ImportStatus, JournalError>
}

const make = Effect.gen(function* () {
  const runs = yield* Runs
  const shared = yield* SharedRuns

  const status = Effect.fnUntraced(function* (run: string) {
    const { status: runStatus, ...progress } = yield* shared.progress(run)
    const running = progress.endedAt === undefined ? "running" : "ended"
    const approved = runStatus === "active" ? running : runStatus
    return {
      ...progress,
      run,
      step: progress.approvedAt === undefined ? "checked" : approved,
    } as const
  })

  /** Changes an import, unless it has ended without rows of these kinds. */
  const change = Effect.fnUntraced(function* (
    id: string,
    kinds: ReadonlyArray<"inDoubt" | "not_sent" | "unknown">,
    to: RunStatus,
  ) {
    const { counts, step } = yield* status(id)
    if (step === "ended" && kinds.every((kind) => counts[kind] === 0)) return
    yield* shared.setStatus(id, to)
  })

  return ImportWorkflow.of({
    check: shared.check,
    approve: (id, { tokenClass } = {}) => shared.approve(id, tokenClass),
    pause: (id) => change(id, [], "paused"),
    resume: (id) => change(id, ["not_sent", "inDoubt"], "active"),
    // unknown rows keep their contact
    cancel: (id) => change(id, ["not_sent", "unknown"], "cancelled"),
    remove: Effect.fnUntraced(function* (id) {
      const { step } = yield* status(id)
      if (step === "running") {
        const detail = "it is running: pause or cancel it first"
        return yield* new JournalError({ reason: "locked", path: id, detail })
      }
      yield* runs.remove(id)
    }),
    prune: runs.prune,
    status,
    follow: (id, every = "1 second") =>
      Stream.fromEffectSchedule(status(id), Schedule.spaced(every)).pipe(
        Stream.takeUntil(({ step }) => step === "ended" || step === "cancelled"),
      ),
  })
})

/** Imports that several machines send. */
export class ImportWorkflow extends Context.Service<ImportWorkflow, ImportWorkflowService>()(
  "@aelyst/workflow/ImportWorkflow",
) {
  /**
   * Provides the imports of a Postgres database; the tables are created with the first operation.
   *
   * Without Effect's workflow engine: no step computes anything that would have to be remembered.
   */
  static readonly layer = Layer.effect(ImportWorkflow, make)
}
