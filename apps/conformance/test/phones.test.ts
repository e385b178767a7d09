/**
 * Phone numbers as people write them, through the SDK and a form: what the server received is the number that was written,
 * or it was refused. The command's test does the same.
 */
import type { AddressInfo } from "node:net"

import { parsePhone } from "@aelyst/core/phone"
import { createContact } from "@aelyst/express"
import { Aelyst } from "@aelyst/node"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import express from "express"

import { check, sendAll, someNumbers, writtenNumbers } from "../src/phones/WrittenNumbers.ts"

/** Long enough for a busy machine to send them all at once. */
const deadlineMs = 100_000
const identifyBy = (_: unknown, req: express.Request) => String(req.body.key)

describe("R3 U11 a phone number as people write it", () => {
  it("is read as itself or refused, in ten ways for every country", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const numbers = writtenNumbers(seed)
      assert.isAbove(numbers.length, 2_000)
      let refused = 0
      for (const written of numbers) {
        const read = parsePhone(written.text, { defaultCountry: written.country })
        check(written, Result.getOrUndefined(read))
        if (Result.isFailure(read)) refused += 1
        // without a country: the same number, or a refusal
        const alone = Result.getOrUndefined(parsePhone(written.text))
        if (alone !== undefined) assert.include(written.right, alone, written.text)
      }
      assert.isBelow(refused, numbers.length / 5)
    }
  })

  it("reaches the server as itself or not at all, through the SDK", async () => {
    const clients = new Map<string, Aelyst>()
    const refused = await sendAll(someNumbers(11, 400), ({ baseUrl, tokens }) => {
      return async ({ country, text }, id) => {
        const client =
          clients.get(country) ??
          new Aelyst({ baseUrl, token: tokens.ok, defaultCountry: country, deadlineMs })
        clients.set(country, client)
        const contact = { firstName: "Ana", phone: text }
        await client.contacts.tryCreate(id, contact)
      }
    })
    assert.isBelow(refused, 100)
    await Promise.all([...clients.values()].map((client) => client.close()))
  })

  it("reaches the server as itself or not at all, through a form", async () => {
    const app = express()
    const server = app.listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    // safe: it listens on a TCP port
    const { port } = server.address() as AddressInfo
    const refused = await sendAll(someNumbers(12, 400), ({ baseUrl, tokens }) => {
      const mounted = new Set<string>()
      return async ({ country, text }, id) => {
        if (!mounted.has(country)) {
          mounted.add(country)
          const client = { baseUrl, token: tokens.ok, defaultCountry: country, maxQueue: 1_000 }
          app.post(`/${country}`, createContact({ client: { ...client, deadlineMs }, identifyBy }))
        }
        const body = new URLSearchParams({ "first name": "Ana", Mobile: text, key: id })
        const response = await fetch(`http://127.0.0.1:${port}/${country}`, {
          method: "POST",
          body,
        })
        assert.include([201, 422], response.status)
        if (response.status === 422) {
          assert.include(await response.text(), "Enter a phone number with its country code")
        }
      }
    })
    assert.isBelow(refused, 100)
    server.close()
    server.closeAllConnections()
  })
})
