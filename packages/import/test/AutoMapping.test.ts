import { assert, describe, it } from "@effect/vitest"

import { find } from "../src/map/AutoMapping.ts"

const all = () => true
const none = () => false
const isFirstName = (field: string) => field === "firstName"

describe("automatic mapping", () => {
  it("orders the columns of a field by rank, then by position", () => {
    const columns = ["Business Phone", "Mobile", "First name", "WhatsApp"]
    assert.deepStrictEqual(find(columns, all, none).fields, {
      phone: [3, 1, 0],
      firstName: [2],
    })
  })

  it("uses full names only without a column of first names (R27)", () => {
    assert.deepStrictEqual(find(["Name", "Email"], all, none).fields.fullName, [0])
    assert.isUndefined(find(["Name", "First name"], all, none).fields.fullName)
    assert.isUndefined(find(["Name", "X"], all, isFirstName).fields.fullName)
  })

  it("leaves columns and fields alone that are not open", () => {
    const columns = ["Email", "Phone"]
    assert.deepStrictEqual(find(columns, (at) => at > 0, none).fields, { phone: [1] })
    assert.deepStrictEqual(find(columns, all, (field) => field === "phone").fields, { email: [0] })
  })

  it("reports each tie of a rank", () => {
    const { issues } = find(["Email", "Mail", "Phone", "Tel", "Mobile"], all, none)
    assert.deepStrictEqual(
      issues.map(({ message }) => message),
      ['email could be "Email" or "Mail"', 'phone could be "Phone" or "Tel"'],
    )
  })
})
