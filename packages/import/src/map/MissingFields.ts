/** Finds what a mapping lacks, so that no row could be sent. */
import type { FieldName, Mapping } from "../types.ts"
import type { MappingIssue } from "./MappingError.ts"
import type { MappingSuggestion } from "./Suggestion.ts"

/** Returns the issues of a mapping without first names or identifiers; a suggestion that would help is the fix. */
export const missingFields = (
  { fields, constants, identifyBy }: Mapping,
  nearest: readonly MappingSuggestion[],
): readonly MappingIssue[] => {
  const issues: MappingIssue[] = []
  const flagFor = (names: readonly FieldName[], orElse: string) =>
    nearest.find(({ flag }) => names.some((name) => /^--map '?(\w+)=/.exec(flag)?.[1] === name))
      ?.flag ?? orElse
  const has = (field: FieldName) => fields[field] !== undefined || constants[field] !== undefined
  if (!has("firstName") && !has("fullName")) {
    issues.push({
      reason: "first_name_missing",
      message: "no column holds the first name, which every contact needs",
      fix: flagFor(
        ["firstName", "fullName"],
        `--map 'firstName=Column', or --set firstName=Friend`,
      ),
    })
  }
  if (identifyBy.length === 0) {
    issues.push({
      reason: "identifier_missing",
      message:
        "no column identifies a contact: there is no email address, phone number or identifier",
      fix: flagFor(
        ["email", "phone", "identifier"],
        `--map 'email=Column' or --map 'phone=Column'`,
      ),
    })
  }
  return issues
}
