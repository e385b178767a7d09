import { expect, it } from "vitest"

import { sendJson, setHeaders } from "../src/JsonResponse.ts"
import { start } from "./apps.ts"
import { send } from "./http.ts"

it("sends status, headers and JSON that no cache keeps and no browser guesses the type of", async () => {
  await using on = await start((app) => {
    app.get("/", (_req, res) => {
      setHeaders(res, 503, { "Retry-After": "2" })
      sendJson(res, { message: "später" }, "application/problem+json")
    })
  })
  const reply = await send(on.url, { method: "GET" })
  expect(reply).toMatchObject({ status: 503, json: { message: "später" } })
  expect(reply.headers).toMatchObject({
    "cache-control": "no-store",
    "content-length": "21",
    "content-type": "application/problem+json; charset=utf-8",
    "retry-after": "2",
    "x-content-type-options": "nosniff",
  })
})

it("sends nothing if the response has begun", async () => {
  await using on = await start((app) => {
    app.get("/", (_req, res) => {
      res.write("theirs")
      sendJson(res, { ours: true })
      res.end()
    })
  })
  expect((await send(on.url, { method: "GET" })).text).toBe("theirs")
})
