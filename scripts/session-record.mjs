// Compares sessions of a terminal with new runs of them: the same lines but for numbers. For the import that
// scripts/record-import.mjs plays, also the same things in the same order, and the same totals. Times, rates and the number of rows
// before a kill differ from run to run.
import { screen } from "./terminal.mjs"

/** Returns the lines of a terminal without what differs from run to run. */
export const comparable = (lines) =>
  lines
    // of the progress only, or of rows in doubt
    .filter(
      (line) =>
        !/^(?:<tspan>)?[ █▏▎▍▌▋▊▉]*(?:<\/tspan>)?$/.test(line) &&
        !/ {2}\d+ contacts? existed/.test(line),
    )
    .map((line) =>
      line
        .replace(/^(?:<tspan>)?(Importing \S+).*/, "$1")
        .replace(/ \+ \d+ there after a lost response/, "")
        // what it shows at that moment, which may be a wait
        .replace(/.*Killed/, "Killed")
        .replace(/Done in [\d.hms ]+(?= {3})/, "Done in #")
        .replaceAll(/ {3}(?:average \S+|\d+ × 429)/g, "")
        .replaceAll(/\br_\w{4}\b/g, "r_#")
        .replaceAll(/\d+(?:[.,]\d+)?/g, "#"),
    )

/** Returns the lines at the end of a record. */
const screenOf = ({ output }) => {
  const { lines, write } = screen()
  for (const { text } of output) write(text)
  // oxlint-disable-next-line no-control-regex -- the colours of the terminal
  return comparable(lines.map((line) => line.replaceAll(/\u001b\[\d*m/g, "")))
}

const isOurs = ({ by }) => by === "import"
const isLimited = ({ status }) => status === 429

const first = (name, found) => (found === undefined ? [] : [[found.at, name]])

/** Returns what happened, in the order in which each thing happened first. */
const orderOf = ({ killed, output, requests }) => {
  const ours = requests.filter(isOurs)
  return [
    ...first(
      "a contact is created",
      ours.find(({ result }) => result === "created"),
    ),
    ...first("a request is rate limited", ours.find(isLimited)),
    [killed, "the import is killed"],
    ...first(
      "it is resumed",
      output.find(({ text }) => text.includes("$ aelyst resume")),
    ),
    ...first(
      "a row in doubt is found to exist",
      ours.find(({ result }) => result === "existed"),
    ),
  ]
    .toSorted(([a], [b]) => a - b)
    .map(([, name]) => name)
}

/** The share by which the number of requests may differ: some rows are asked again, some get a 429. */
const mostOff = 0.2

/** Returns the differences between a new record and the one that was drawn. */
export const differences = (drawn, again) => {
  const same = (name, of) => {
    const [one, other] = [of(drawn), of(again)].map((value) => JSON.stringify(value, undefined, 1))
    return one === other ? [] : [`${name}: drawn ${one}, now ${other}`]
  }
  const counts = [drawn, again].map(({ requests }) => requests.filter(isOurs).length)
  const isOff = Math.abs(counts[1] - counts[0]) > mostOff * counts[0]
  return [
    ...same("contacts created, and created twice", ({ created, createdTwice }) => [
      created,
      createdTwice,
    ]),
    ...same("what happens, in order", orderOf),
    ...same("the terminal at the end", screenOf),
    ...(isOff ? [`requests of the import: drawn ${counts[0]}, now ${counts[1]}`] : []),
  ]
}
