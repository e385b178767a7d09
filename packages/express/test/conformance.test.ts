import { Aelyst } from "@aelyst/node"
import type { Expected, Variant } from "@aelyst/sandbox/scenarios"
import { play, variants } from "@aelyst/sandbox/scenarios"
import type { Express } from "express"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import * as Plays from "../../../apps/conformance/src/server/Plays.ts"
import { aelystErrors, contactProxy, createContact } from "../src/index.ts"
import { ALREADY_EXISTS, statusTable } from "../src/Status.ts"
import type { Parser, Version } from "./apps.ts"
import { cells, start } from "./apps.ts"
import type { Reply } from "./http.ts"
import { send } from "./http.ts"

interface Side {
  readonly name: string
  readonly mount: (app: Express, client: Aelyst) => void
  readonly ask: (url: string, identifier: string, contact: unknown) => Promise<Reply>
  /** Reads the result from the response; parts that a response does not carry are copied from the expected report. */
  readonly read: (reply: Reply, expected: Expected["report"]) => unknown
}

const sides: ReadonlyArray<Side> = [
  {
    name: "handler",
    mount: (app, client) => {
      let result: string | undefined
      app.post(
        "/signup",
        createContact({
          client,
          log: () => {},
          map: (req) => req.body,
          identifyBy: (_contact, req) => String(req.query["identifier"]),
          onCreated: (created) => {
            result = created.result
          },
          respond: (res) => res.json({ result }),
        }),
      )
      app.use(aelystErrors({ expose: "full", log: () => {} }))
    },
    ask: (url, identifier, body) =>
      send(`${url}/signup?identifier=${encodeURIComponent(identifier)}`, { body }),
    read: ({ json, status }) => {
      const { error, outcome, result } = Object(json)
      return status === 201 ? { result } : { status, error: { name: error, outcome } }
    },
  },
  {
    name: "proxy",
    mount: (app, client) => {
      app.use(contactProxy({ client, authorize: () => true, log: () => {} }))
    },
    ask: (url, identifier, body) =>
      send(`${url}/contact/${encodeURIComponent(identifier)}`, { body }),
    read: ({ json, status }, expected) => {
      const { code, error } = Object(json)
      const known = Object.entries(statusTable).find(([, row]) => row.proxy.code === error)
      const name = error === ALREADY_EXISTS ? "BadRequestError" : known?.[0]
      const outcome = "error" in expected ? expected.error.outcome : undefined
      return code === "200" ? expected : { status, error: { name, outcome } }
    },
  },
]

/** Returns an expected report with the status of the side. */
const withStatus = (report: Expected["report"], side: Side): unknown => {
  if ("result" in report) return report
  const row = Object.entries(statusTable).find(([name]) => name === report.error.name)?.[1]
  return { status: side.name === "proxy" ? row?.proxy.status : row?.visitor.status, ...report }
}

const playOver = async (
  variant: Variant,
  side: Side,
  cell: { readonly version: Version; readonly parser: Parser },
) => {
  await using sandbox = await Plays.startSandbox(variant)
  const client = new Aelyst({
    baseUrl: sandbox.baseUrl,
    token: variant.token,
    delivery: variant.delivery,
    ...Plays.patient(variant).client,
  })
  await using on = await start((app) => side.mount(app, client), cell)
  let received: unknown
  const { ledger } = await play(variant, sandbox, {
    create: async (identifier, contact) => {
      const reply = await side.ask(on.url, identifier, contact)
      received = side.read(reply, variant.expected.report)
      return variant.expected.report
    },
  })
  await client.close({ timeoutMs: 100 })
  return { report: received, ledger }
}

// resending after a lost response is up to the client: one cell per block is enough
const isPlayed = (variant: Variant, cell: (typeof cells)[number]): boolean =>
  variant.delivery === "at-most-once" || (cell.version === 5 && cell.parser === "none")

const suites = cells.flatMap((cell) =>
  sides.map((side) => ({
    ...cell,
    by: side.name,
    plays: variants
      .filter((variant) => isPlayed(variant, cell))
      .map((variant) => ({ title: variant.title, variant, side, cell })),
  })),
)
type Play = (typeof suites)[number]["plays"][number]
const run = ({ cell, side, variant }: Play) => playOver(variant, side, cell)

let outcomes: ReturnType<typeof Plays.start<Play, Awaited<ReturnType<typeof run>>>>
// all of them before the first test, because most of their time is waiting
beforeAll(() => {
  outcomes = Plays.start(
    suites.flatMap(({ plays }) => plays),
    run,
  )
})
afterAll(() => Promise.allSettled(outcomes.values()))

describe.each(suites)("the $by, Express $version, parser $parser", ({ plays }) => {
  it.each(plays)("$title", async (one) => {
    const { ledger, report } = one.variant.expected
    expect(await outcomes.get(one)).toEqual({ report: withStatus(report, one.side), ledger })
  })
})
