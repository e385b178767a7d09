// Draws docs/pictures/row-life.svg: the states of a row in a journal, and how it gets from one to another, from a run of a journal. It
// fails if a way has no arrow, or an arrow no way. With --check it writes nothing and fails if the picture differs.
import { writeAll } from "./generated.mjs"
import { box, label, line, page } from "./picture.mjs"
import { key, operations, outcomes, ways } from "./row-ways.mjs"
import { report } from "./sources.mjs"

const problems = []

// the picture: a box for each state; `sending` is one box, its doubt is in the table
const states = {
  planned: { x: 34, y: 84, width: 180, height: 56, words: "ready to be sent" },
  "planned, in doubt": {
    x: 34,
    y: 296,
    width: 180,
    height: 56,
    words: "may exist; is asked again",
  },
  sending: { x: 350, y: 190, width: 170, height: 56, words: "a request may have left" },
  created: { y: 84, words: "the API said so" },
  existed: { y: 132, words: "before this run" },
  exists_after_doubt: { y: 180, words: "asked again" },
  rejected: { y: 228, words: "by the API" },
  invalid: { y: 276, words: "found before sending" },
  unknown: { y: 324, words: "for a person to find out" },
}
const kinds = { created: "done", existed: "done", exists_after_doubt: "done" }
const kindOf = (name) =>
  kinds[name] ??
  (["rejected", "invalid"].includes(name) ? "failed" : name === "unknown" ? "wing" : "room")
for (const state of Object.values(states)) {
  state.x ??= 660
  state.width ??= 240
  state.height ??= 38
}
const middle = (name) => states[name].y + states[name].height / 2
const curve = (x1, y1, x2, y2, kind = "arrow") => {
  const halfway = (x1 + x2) / 2
  const head = kind === "far" ? "headFar" : "head"
  return `<path d="M${x1} ${y1} C${halfway} ${y1} ${halfway} ${y2} ${x2} ${y2}" class="${kind}" marker-end="url(#${head})"/>`
}
const ends = outcomes.filter((name) => name !== "not_sent")
/** The arrows: the names of their ways (from, operation, to), how they are drawn, and words next to them. */
const arrows = [
  {
    from: "planned",
    names: ["first attempt"],
    to: "sending",
    drawn: curve(214, 100, 350, 206),
    words: [262, 112, "intent on the disk"],
  },
  {
    from: "planned, in doubt",
    names: ["first attempt"],
    to: "sending",
    drawn: curve(214, 312, 350, 234),
    words: [266, 262, "asks again", "end"],
  },
  {
    from: "sending",
    names: ["next attempt"],
    to: "sending",
    drawn: line([
      [400, 190],
      [400, 168],
      [460, 168],
      [460, 190],
    ]),
    words: [430, 160, "next attempt", "middle"],
  },
  {
    from: "sending",
    names: ["outcome not_sent"],
    to: "planned",
    drawn: curve(350, 220, 214, 124, "far"),
    words: [262, 190, "no byte left", "end"],
  },
  {
    from: "sending",
    names: ["killed, natural-key", "outcome not_sent"],
    to: "planned, in doubt",
    drawn: line([
      [400, 246],
      [400, 336],
      [214, 336],
    ]),
    words: [226, 352, "killed, natural-key"],
  },
  {
    from: "sending",
    names: ["killed, at-most-once"],
    to: "unknown",
    drawn: line([
      [440, 246],
      [440, 350],
      [660, 350],
    ]),
    words: [448, 368, "killed, at-most-once"],
  },
  ...ends.map((to, index) => ({
    from: "sending",
    names: to === "unknown" ? ["outcome unknown", "outcome invalid"] : [`outcome ${to}`],
    to,
    drawn: curve(520, 208 + index * 4, 660, middle(to) - (to === "unknown" ? 8 : 0)),
  })),
  {
    from: "planned",
    names: ["outcome invalid"],
    to: "invalid",
    drawn: line(
      [
        [124, 84],
        [124, 66],
        [634, 66],
        [634, middle("invalid") + 6],
        [660, middle("invalid") + 6],
      ],
      "far",
    ),
    words: [300, 60, "cannot be sent"],
  },
  {
    from: "planned",
    names: ["outcome unknown"],
    to: "unknown",
    drawn: line(
      [
        [34, 112],
        [16, 112],
        [16, 416],
        [740, 416],
        [740, 362],
      ],
      "far",
    ),
  },
  {
    from: "planned, in doubt",
    names: ["outcome unknown", "outcome invalid"],
    to: "unknown",
    drawn: line(
      [
        [124, 352],
        [124, 390],
        [700, 390],
        [700, 362],
      ],
      "far",
    ),
    words: [226, 404, "ends in doubt without another attempt"],
  },
  {
    from: "unknown",
    names: ["resolved send_again"],
    to: "planned, in doubt",
    drawn: line(
      [
        [780, 362],
        [780, 436],
        [70, 436],
        [70, 352],
      ],
      "far",
    ),
    words: [226, 452, "a person decides: aelyst runs resolve"],
  },
  {
    from: "unknown",
    names: ["resolved created"],
    to: "created",
    drawn: line(
      [
        [900, middle("unknown") + 6],
        [924, middle("unknown") + 6],
        [924, middle("created")],
        [900, middle("created")],
      ],
      "far",
    ),
  },
  {
    from: "unknown",
    names: ["resolved rejected"],
    to: "rejected",
    drawn: line(
      [
        [900, middle("unknown") - 6],
        [912, middle("unknown") - 6],
        [912, middle("rejected")],
        [900, middle("rejected")],
      ],
      "far",
    ),
  },
]

const boxOf = (name) => (name === "sending, in doubt" ? "sending" : name)
const drawn = new Set(
  arrows.flatMap(({ from, names, to }) => names.map((name) => key({ from, name, to }))),
)
const needed = new Set(
  ways
    .map(({ from, name, to }) => ({ from: boxOf(from), name, to: boxOf(to) }))
    // what leads nowhere else needs no arrow, and the decisions of a person are drawn from `unknown` only
    .filter(({ from, name, to }) => from !== to || name === "next attempt")
    .filter(({ from, name }) => !name.startsWith("resolved") || from === "unknown")
    .map(key),
)
for (const one of needed.difference(drawn)) problems.push(`no arrow shows ${one}`)
for (const one of drawn.difference(needed)) problems.push(`the journal has no way ${one}`)

// the table: every operation in every state that is not an end
const open = ["planned", "planned, in doubt", "sending", "sending, in doubt", "unknown"]
const closed = ends.filter((name) => name !== "unknown")
for (const { from } of ways)
  if (closed.includes(from)) problems.push(`${from} is no end: a row leaves it`)
const rowsOf = [...new Set(ways.map(({ name }) => name))].toSorted((a, b) => rank(a) - rank(b))
function rank(name) {
  const order = operations.map(([one]) => one)
  return order.indexOf(order.find((one) => name.startsWith(one)))
}
const [top, step] = [528, 20]
const columns = [24, 224, 364, 504, 644, 794]
const cells = rowsOf.flatMap((name, index) => [
  label(columns[0], top + index * step, name, "code"),
  ...open.map((from, at) => {
    const way = ways.find((one) => one.from === from && one.name === name)
    return label(
      columns[at + 1],
      top + index * step,
      way?.to ?? "–",
      way === undefined ? "soft" : "code",
    )
  }),
])

const title = "The life of a row in a journal"
const parts = [
  label(24, 32, title, "title"),
  ...arrows.flatMap(({ drawn: arrow, words: [x, y, text, anchor] = [] }) =>
    text === undefined ? [arrow] : [arrow, label(x, y, text, "soft", anchor)],
  ),
  ...Object.entries(states).flatMap(([name, at]) => [
    box(at, kindOf(name)),
    label(at.x + 12, at.height > 40 ? at.y + 24 : at.y + 24, name, "code"),
    at.height > 40
      ? label(at.x + 12, at.y + 43, at.words, "soft")
      : label(at.x + at.width - 10, at.y + 24, at.words, "soft", "end"),
  ]),
  label(
    24,
    482,
    "What each operation makes of a row, tried on a journal; the other states are ends, which no operation leaves",
    "soft",
  ),
  ...["", ...open].map((name, at) => label(columns[at], top - 22, name, "soft")),
  ...cells,
]
const description = ways
  .filter(({ from, name, to }) => from !== to || name === "next attempt")
  .map(({ from, name, to }) => `${from}, ${name}: ${to}.`)
  .join(" ")
const picture = page(940, top + rowsOf.length * step + 8, title, parts, { description })

report(
  [...problems, ...writeAll(new Map([["docs/pictures/row-life.svg", picture]]))],
  `${ways.length} ways between the states of a row are as the picture says`,
)
