import { describe, expect, it } from "vitest"

import type { LogEntry } from "../src/index.ts"
import {
  aelyst,
  aelystErrors,
  contactProxy,
  createContact,
  getAelyst,
  getSubmissionCounts,
} from "../src/index.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { client, sandbox } = await openStage()

describe.each(versionCells)("getSubmissionCounts, Express $version", ({ version }) => {
  it("U13: counts each failed create once, logs it without values, and passes it to onError", async () => {
    const entries: Array<LogEntry> = []
    const seen: Array<string> = []
    const onError = (error: unknown) => seen.push(error instanceof Error ? error.name : "")
    await using on = await start(
      (app) => {
        app.use(aelyst(client, { log: (entry) => entries.push(entry) }))
        app.post("/", createContact({ onError }))
        app.use(contactProxy({ authorize: () => true, onError }))
        app.use(aelystErrors())
      },
      { version },
    )
    const proxy = `${on.url}/contact/email:ana@example.com`
    sandbox.fail({ status: 500, times: 1 })
    await send(on.url, { body: ana })
    sandbox.fail({ status: 500, times: 1 })
    await send(proxy, { body: ana })
    sandbox.fail({ status: 400, times: 1 })
    await send(on.url, { body: ana })
    sandbox.fail({ status: 429, times: 1 })
    await send(proxy, { body: ana })
    await send(on.url, { body: { firstName: "Ana" } })
    expect(getSubmissionCounts(on.app)).toEqual({
      created: 0,
      accepted: 0,
      existed: 0,
      invalid: 1,
      rejected: 1,
      unknown: 2,
      failed: 1,
      honeypot: 0,
    })
    const names = ["InternalServerError", "BadRequestError", "RateLimitError"]
    expect(entries.map(({ count, error }) => [error, count])).toEqual(names.map((one) => [one, 1]))
    expect(JSON.stringify(entries)).not.toContain("ana@")
    expect(seen).toEqual(["InternalServerError", ...names, "InvalidContactError"])
  })

  it("counts the errors of the app's own routes, and nothing before the first request", async () => {
    await using on = await start(
      (app) => {
        app.use(aelyst(client))
        app.post("/", (req, res, next) => {
          getAelyst(req)
            .contacts.create("email:ana@", { firstName: "Ana" })
            .then(() => res.end(), next)
        })
        app.use(aelystErrors())
      },
      { version },
    )
    expect(getSubmissionCounts(on.app)).toMatchObject({ created: 0, invalid: 0 })
    expect((await send(on.url)).status).toBe(422)
    expect(getSubmissionCounts(on.app)).toMatchObject({ created: 0, invalid: 1 })
  })
})
