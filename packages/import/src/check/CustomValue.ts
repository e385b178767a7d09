/** The values of custom fields by their types (W4). */
import { CustomField } from "@aelyst/core"
import * as Result from "effect/Result"

import type { CustomType } from "../types.ts"
import { firstValue } from "./CellText.ts"
import type { DateFormat } from "./DateText.ts"
import { readDate, readTime } from "./DateText.ts"
import type { Counts, Read } from "./Fault.ts"
import { fault, ofIssue } from "./Fault.ts"

type Value = string | number | boolean | undefined

/** How the values of a file are written. */
export interface ValueStyle {
  readonly dateFormat: DateFormat | undefined
  /** Whether labels begin with `* `, as in exports of Google. */
  readonly hasLabels: boolean
}

const checkboxes: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  "1": true,
  x: true,
  false: false,
  no: false,
  "0": false,
}

const readCheckbox = (text: string, counts: Counts): Read<boolean> => {
  const lower = text.toLowerCase()
  const checked = Object.hasOwn(checkboxes, lower) ? checkboxes[lower] : undefined
  if (checked === undefined) {
    return fault("CHECKBOX_INVALID", "neither checked nor unchecked", "write true or false")
  }
  if (text !== String(checked)) counts.fix("checkbox")
  return Result.succeed(checked)
}

const numberField: CustomField.Field = {
  name: "number",
  type: "number",
  wire: "number",
  format: "",
  example: 0,
}

const readNumber = (text: string): Read<Value> => {
  if (/^-?\d{1,3}(?:[.,' ]\d{3})*,\d+$|^-?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?$/.test(text)) {
    return fault(
      "NUMBER_INVALID",
      "a number has a decimal point and no grouping",
      "write it like 1234.5",
    )
  }
  const read = CustomField.convert(numberField, text.replace(/^\+(?=\d)/, ""))
  return Result.mapError(read, ofIssue)
}

const readText = (type: CustomType, text: string): Read => {
  const issue = CustomField.checkValue(type, text)
  return issue === undefined ? Result.succeed(text) : Result.fail(ofIssue(issue))
}

// Google marks its own groups: `* myContacts ::: Friends`
const readLabels = (text: string, counts: Counts): string => {
  const labels = text.split(" ::: ").map((label) => label.replace(/^\* /, ""))
  if (labels.length > 1 || labels[0] !== text) counts.fix("label")
  return labels.join(", ")
}

/** Reads the value of a custom field; undefined if it has none. `text` is not empty. */
export const read = (
  type: CustomType,
  text: string,
  style: ValueStyle,
  counts: Counts,
): Read<Value> => {
  if (type === "text") {
    return readText(type, style.hasLabels ? readLabels(text, counts) : text)
  }
  const value = firstValue(text, counts)
  switch (type) {
    case "number":
      return readNumber(value)
    case "date":
      return readDate(value, style.dateFormat, counts)
    case "time":
      return readTime(value, counts)
    case "checkbox":
      return readCheckbox(value, counts)
    case "list":
      return readText(type, style.hasLabels ? readLabels(value, counts) : value)
    default:
      return readText(type, value)
  }
}
