/**
 * Issues of Schema made of ours: each says the rule and how to keep it, at its path. They never hold the value, so that no
 * message can quote it, also if the parser is told to report its input.
 */
import * as SchemaIssue from "effect/SchemaIssue"

import * as Issue from "./Issue.ts"

/** Returns the issue of Schema that says a rule. */
export const ruleIssue = (issue: Issue.Issue): SchemaIssue.Issue =>
  new SchemaIssue.InvalidValue({ message: Issue.format({ ...issue, path: [] }) })

/** Returns the annotation that says a rule if a value has the wrong type; Schema's own words could quote the value. */
export const typeRule = (code: Issue.IssueCode) => ({ message: Issue.issueRules[code] })
