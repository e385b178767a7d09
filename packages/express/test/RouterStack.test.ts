import { Aelyst, isAelystError } from "@aelyst/node"
import { describe, expect, it } from "vitest"

import { aelystErrors, createContact } from "../src/index.ts"
import { start, versions } from "./apps.ts"
import { send } from "./http.ts"
import { ana, openStage, versionCells } from "./stage.ts"

const { sandbox } = await openStage()

const failing = (options: Parameters<typeof createContact>[0] = {}) =>
  createContact({
    client: new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.unauthorized }),
    log: () => {},
    ...options,
  })

describe.each(versionCells)("an error of createContact, Express $version", ({ version }) => {
  it("goes to the mapper after the route, also from a router", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        const router = versions[version].Router()
        router.post("/signup", failing())
        app.use("/deep", router)
        app.post("/flat", failing())
        app.use(
          aelystErrors({ log: () => {}, onError: (error) => seen.push(error), shape: "problem" }),
        )
      },
      { version },
    )
    for (const path of ["/deep/signup", "/flat"]) {
      const reply = await send(on.url + path, { body: ana })
      expect(reply.status).toBe(502)
      expect(reply.headers["content-type"]).toBe("application/problem+json; charset=utf-8")
      expect(reply.json).toEqual({
        type: "about:blank",
        title: "This service is not working at the moment. Please contact us.",
        status: 502,
        code: "upstream_auth",
      })
    }
    expect(seen.every(isAelystError)).toBe(true)
    expect(seen).toHaveLength(2)
  })

  it("goes to the mapper of the parent app", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        const child = versions[version]()
        child.post("/signup", failing())
        app.use("/child", child)
        app.use(aelystErrors({ log: () => {}, onError: (error) => seen.push(error) }))
      },
      { version },
    )
    expect((await send(`${on.url}/child/signup`, { body: ana })).status).toBe(502)
    expect(seen).toHaveLength(1)
  })

  it("is responded to by the handler if the mapper of the parent app is mounted before it", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        const child = versions[version]()
        child.post("/signup", failing())
        app.use(aelystErrors({ log: () => {}, onError: (error) => seen.push(error) }))
        app.use("/child", child)
      },
      { version },
    )
    const reply = await send(`${on.url}/child/signup`, { body: ana })
    expect(reply).toMatchObject({ status: 502, json: { code: "upstream_auth" } })
    expect(seen).toEqual([])
  })

  it("is responded to by the handler if the only mapper is below another path, or before it", async () => {
    const seen: Array<unknown> = []
    await using on = await start(
      (app) => {
        app.use(aelystErrors({ onError: (error) => seen.push(error) }))
        app.post("/signup", failing())
        app.use("/other", aelystErrors({ onError: (error) => seen.push(error) }))
      },
      { version },
    )
    const reply = await send(`${on.url}/signup`, { body: ana })
    expect(reply).toMatchObject({ status: 502, json: { code: "upstream_auth" } })
    expect(seen).toEqual([])
  })
})
