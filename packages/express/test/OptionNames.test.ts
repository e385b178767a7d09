import { expect, it } from "vitest"

import type { ContactDelivery } from "../src/index.ts"
import { aelyst, aelystErrors, contactProxy, contactStatus, createContact } from "../src/index.ts"

const authorize = () => true
const delivery: ContactDelivery = {
  accept: async () => ({ id: "c_1" }),
  get: async () => undefined,
}
// variables, which the compiler allows to have more members
const handling = { gaurd: authorize, delivery, authorize, param: "id" }
const mapping = { shap: "problem", expose: "safe" } as const
const setup = { logs: () => {}, checks: true }
const allow = { identifier: ["email"], customFields: false }

it.each([
  ["createContact", () => createContact(handling), "gaurd"],
  ["contactProxy", () => contactProxy(handling), "gaurd"],
  ["contactProxy.allow", () => contactProxy({ authorize, allow }), "identifier"],
  ["contactStatus", () => contactStatus(handling), "gaurd"],
  ["aelystErrors", () => aelystErrors(mapping), "shap"],
  ["aelyst", () => aelyst({}, setup), "logs"],
])("%s refuses an option that it does not have, and names it", (block, make, option) => {
  expect(make).toThrow(
    expect.objectContaining({
      name: "TypeError",
      code: "ERR_AELYST_CONFIG",
      option,
      message: expect.stringContaining(`${block}: \`${option}\` is not an option; options: `),
    }),
  )
})
