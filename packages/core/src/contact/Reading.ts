/** Collects the results of reading a contact: its issues, its size, and the place that is being read. */
import * as Result from "effect/Result"

import type { Catalogue } from "./CustomField.ts"
import * as Issue from "./Issue.ts"
import * as Rule from "./TextRules.ts"

/** The most bytes of a body. */
export const MAX_BODY = 102_400
/** The most properties of an object. */
export const MAX_KEYS = 100

/**
 * Returns how a path names a key. Keys come from outside and may be data in the wrong place, so only a key that looks like
 * a field's name is repeated: a letter, then letters, digits, `_`, `-` and, in custom fields, spaces; at most 40 characters
 * and four digits. Of all others the position among the keys is given.
 */
export const shownKey = (key: string, position: number, spaces = false): string | number => {
  const name = spaces ? /^[a-z][\w -]{0,39}$/i : /^[a-z][\w-]{0,39}$/i
  const isName = name.test(key) && !Rule.isReserved(key) && key.replace(/\D/g, "").length <= 4
  return isName ? key : position
}

/** Collects the issues of one contact. */
export class Reading {
  readonly issues: Array<Issue.Issue> = []
  readonly catalogue: Catalogue | undefined
  /** The path that is being read, for a property that cannot be read. */
  at: Issue.Path = []
  /** The characters read so far. */
  size = 0

  constructor(catalogue: Catalogue | undefined) {
    this.catalogue = catalogue
  }

  /** Whether the contact is too large or has more issues than are listed: reading can stop. */
  get isFull(): boolean {
    return this.size > MAX_BODY || this.issues.length > Issue.MAX_ISSUES
  }

  /** Adds an issue. */
  report(code: Issue.IssueCode, path: Issue.Path, suggestion?: string): undefined {
    this.issues.push(Issue.make(code, path, suggestion))
  }

  /** Returns a text that keeps the rules; adds an issue for one that does not. */
  text(rules: ReadonlyArray<Rule.TextRule>, text: string, path: Issue.Path): string | undefined {
    this.size += text.length
    const issue = Rule.check(rules, text, path)
    if (issue === undefined) return text
    this.issues.push(issue)
    return undefined
  }

  /** Returns the value of a success; adds the issue of a failure. */
  take<A>(result: Result.Result<A, Issue.Issue>): A | undefined {
    if (Result.isSuccess(result)) return result.success
    this.issues.push(result.failure)
    return undefined
  }
}
