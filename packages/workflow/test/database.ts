/** A Postgres server and a sandbox for the tests of a file, and the programs that run over both. */
import { layer } from "@aelyst/core"
import { PostgresRuns } from "@aelyst/journal/postgres"
import type { SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { afterAll, beforeAll, beforeEach } from "vitest"

import type { Office } from "../../../apps/conformance/src/imports/Plan.ts"
import { approved, office, tokenClass } from "../../../apps/conformance/src/imports/Plan.ts"
import type { PostgresServer } from "../../../apps/conformance/src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../../apps/conformance/src/shared/PostgresServer.ts"
import type { DatabaseOptions } from "../src/Database.ts"
import * as Database from "../src/Database.ts"
import * as SharedPace from "../src/SharedPace.ts"
import * as StoredRows from "../src/StoredRows.ts"
import type { WorkerEnd, WorkerOptions } from "../src/Worker.ts"
import { work } from "../src/Worker.ts"

/** The things that the tests of a file use. */
export interface Surroundings {
  readonly server: () => PostgresServer
  readonly sandbox: () => Sandbox
  readonly url: () => string
  /** Runs a program over the imports of the database. */
  readonly run: Office["runPromise"]
  /** Plans and approves an import; returns its ID. */
  readonly approve: (rows: number) => Promise<string>
  /** Runs a worker as another machine does; it ends when nothing is left. */
  readonly worker: (
    options?: Partial<WorkerOptions>,
    database?: Partial<DatabaseOptions>,
    others?: {
      readonly encryptionKeys?: ReadonlyArray<string>
      readonly logger?: Layer.Layer<never>
    },
  ) => Promise<WorkerEnd>
}

/** The rows of a range: few, so that small imports have several. */
export const rangeRows = 50

/** Starts both for the tests of a file; each test begins without imports and contacts. */
export const surroundings = (options: SandboxOptions = {}): Surroundings => {
  let server: PostgresServer
  let sandbox: Sandbox
  let runtime: Office
  beforeAll(async () => {
    server = await startPostgres()
    sandbox = await Sandbox.start({ limit: 10_000, ...options })
    runtime = office(urlOf(server.port), { rangeRows })
  })
  beforeEach(async () => {
    sandbox.reset()
    await server.query(
      `DO $$ BEGIN
        IF to_regclass('aelyst_run') IS NOT NULL THEN TRUNCATE aelyst_run, aelyst_range, aelyst_wait, aelyst_row; END IF;
      END $$`,
    )
  })
  afterAll(async () => {
    await runtime.dispose()
    await sandbox.close()
    await server[Symbol.asyncDispose]()
  })
  const client = () =>
    layer({
      baseUrl: sandbox.baseUrl,
      token: Redacted.make(sandbox.tokens.ok),
      doubtDelay: 1_000,
    }).pipe(
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(SharedPace.layer({ url: Redacted.make(urlOf(server.port)) })),
    )
  return {
    server: () => server,
    sandbox: () => sandbox,
    url: () => urlOf(server.port),
    run: (...program) => runtime.runPromise(...program),
    approve: (rows) => runtime.runPromise(approved(rows, sandbox.origin)),
    worker: (given = {}, database = {}, { encryptionKeys, logger = Layer.empty } = {}) =>
      Effect.runPromise(
        work({ origin: sandbox.origin, tokenClass, pollMs: 100, untilIdle: true, ...given }).pipe(
          Effect.provide(
            Layer.mergeAll(client(), StoredRows.layer, logger).pipe(
              Layer.provideMerge(PostgresRuns.layer({ encryptionKeys })),
              Layer.provideMerge(
                Database.layer({ url: Redacted.make(urlOf(server.port)), ...database }),
              ),
            ),
          ),
        ),
      ),
  }
}

/** Counts the requests that the server received. */
export const posts = (sandbox: Sandbox): number =>
  sandbox.ledger().reduce((sum, entry) => sum + entry.posts, 0)
