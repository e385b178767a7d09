/** Writes parts of Markdown. */

/** Returns a text as inline code. */
export const code = (text: string): string => (text === "" ? "" : `\`${text}\``)

const rowOf = (cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`

/** Returns a table; without rows, nothing. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): string => {
  if (rows.length === 0) return ""
  return [rowOf(head), rowOf(head.map(() => "---")), ...rows.map(rowOf)].join("\n")
}

/** Returns a block of code. */
export const block = (language: string, text: string): string =>
  `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``

/** Joins the parts that are not empty, with an empty line between them. */
export const paragraphs = (...parts: ReadonlyArray<string>): string =>
  parts.filter((part) => part !== "").join("\n\n")
