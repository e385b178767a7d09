/** The codes of rows of a file that `aelyst import` does not send, as far as they are not rules of every contact, with their texts. */

/** The rules that only rows of a file have, by code. */
export const rowRules = {
  COUNTRY_UNKNOWN: "A country must be a code such as MY, or the name of a country",
  LANGUAGE_UNKNOWN: "A language must be a code such as ms or pt-BR, whose language exists",
  DATE_AMBIGUOUS: "A date such as 03/04/2024 can be read in two ways",
  VALUE_INVALID: "A value must be one that a contact can have",
  ROW_TOO_LONG: "A row must not have more cells than the file has columns",
  DUPLICATE_IN_FILE: "A contact must be in a file only once",
} as const

/** The fix for a row of a file, by code. */
export const rowFixes: Readonly<Record<string, string>> = {
  COUNTRY_UNKNOWN: "Correct the country; the suggestion in the report names one that is near.",
  LANGUAGE_UNKNOWN: "Correct the language, or leave its cell empty.",
  DATE_AMBIGUOUS: "Add --date-format dmy or --date-format mdy.",
  VALUE_INVALID: "Correct the value that the report names.",
  ROW_TOO_LONG: "Put quotation marks around a cell that has the delimiter in it.",
  DUPLICATE_IN_FILE:
    "Nothing, if the first row is the right one; --on-duplicate last sends the last, reject none of them.",
  FIRST_NAME_MISSING: "Fill the cell, or add --set firstName=Friend for all rows without one.",
  IDENTIFIER_MISSING: "Fill in an email address or a phone number.",
  PHONE_NO_COUNTRY:
    "Add --default-country, fill in the column of countries, or write numbers with +.",
  PHONE_SCIENTIFIC: "Export the file again, with the column of phones as text.",
}
