import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { readAll } from "./reading.ts"
import { utf8 } from "./fixtures/Fixture.ts"

const messageOf = (content: string | Uint8Array) =>
  Effect.map(
    Effect.flip(
      readAll(typeof content === "string" ? utf8(content) : content, { fileName: "contacts.csv" }),
    ),
    ({ code, message, hint }) => {
      assert.strictEqual(code, "FILE_KIND")
      assert.isNotEmpty(hint)
      return message
    },
  )

describe("FileKind", () => {
  it.effect("names the kind of a file that is not a table", () =>
    Effect.gen(function* () {
      const kinds: ReadonlyArray<readonly [content: string | Uint8Array, kind: string]> = [
        ["%PDF-1.4", "a PDF"],
        [
          Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0),
          "an old Excel workbook (.xls), or an xlsx protected by a password",
        ],
        ["\uFEFFBEGIN:VCARD", "a file of vCards"],
        ["BEGIN:VCALENDAR", "a calendar"],
        ["\n<!DOCTYPE html><p>", "an HTML page"],
        ["<table><tr>", "an HTML page"],
        ["<?xml version='1.0'?><Workbook/>", "an XML file"],
        ["GIF89a", "an image"],
        [Buffer.from("RIFF\0\0\0\0WEBPVP8 ", "latin1"), "an image"],
        [Buffer.from("\0\0\0\x18ftypheic", "latin1"), "an image"],
        [Buffer.from("BM\x36\0\0\0", "latin1"), "an image"],
        [Uint8Array.of(0x1f, 0x8b, 8), "a compressed file"],
        ["SQLite format 3\u0001", "an SQLite database"],
        ["{\\rtf1", "an RTF document"],
        ["version: 1\ndn: cn=a", "an LDIF file"],
      ]
      for (const [content, kind] of kinds)
        assert.strictEqual(
          yield* messageOf(content),
          `"contacts.csv" is ${kind}, not a table of contacts`,
        )
    }),
  )

  it.effect("reads tables that begin like other files", () =>
    Effect.gen(function* () {
      for (const header of [
        "BMI,Name",
        "PKW,Name",
        "Rar,Name",
        "<3,Name",
        "{x},Name",
        "[x],Name",
        "BM,Name",
      ]) {
        const { head } = yield* readAll(utf8(`${header}\na,b\n`))
        assert.deepStrictEqual(head.columns, header.split(","))
      }
    }),
  )

  it.effect("refuses a text that should be a workbook", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readAll(utf8("a,b\n"), { format: "xlsx" }))
      assert.strictEqual(error.message, "the source is a text, not an xlsx workbook")
    }),
  )
})
