// Draws rooms on floors with the arrows between them, and the stages of a flow, as SVG. The pictures load nothing, look the
// same each time, and have a background of both schemes, so they are legible in light and dark.

const look = `
  .paper { fill: #ffffff; stroke: #d0d7de }
  .room { fill: #f6f8fa; stroke: #8c959f }
  .wing { fill: #ddf4ff; stroke: #0969da }
  .done { fill: #dafbe1; stroke: #1a7f37 }
  .failed { fill: #ffebe9; stroke: #cf222e }
  .arrow, .far { fill: none; stroke: #424a53; stroke-width: 1.6 }
  .far { stroke: #8c959f; stroke-width: 1.3 }
  .head { fill: #424a53 }
  .headFar { fill: #8c959f }
  text { fill: #1f2328; font: 13px system-ui, -apple-system, "Segoe UI", Arial, sans-serif }
  .title { font-size: 15px; font-weight: 600 }
  .soft { fill: #59636e; font-size: 12px }
  .code { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; stroke: #3d444d }
    .room { fill: #151b23; stroke: #656c76 }
    .wing { fill: #121d2f; stroke: #4493f8 }
    .done { fill: #12261e; stroke: #3fb950 }
    .failed { fill: #2d1315; stroke: #f85149 }
    .arrow { stroke: #d1d7e0 }
    .far { stroke: #656c76 }
    .head { fill: #d1d7e0 }
    .headFar { fill: #656c76 }
    text { fill: #f0f6fc }
    .soft { fill: #9198a1 }
  }`

const escape = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

/** Estimates the width of a text, generously, because fonts differ. */
export const widthOf = (text, size = 13) => Math.ceil([...text].length * size * 0.58)

/** Draws a text. */
export const label = (x, y, text, kind = "", anchor = "start") =>
  `<text x="${x}" y="${y}"${kind === "" ? "" : ` class="${kind}"`}${anchor === "start" ? "" : ` text-anchor="${anchor}"`}>${escape(text)}</text>`

/** Draws a rectangle. */
export const box = ({ x, y, width, height }, kind) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" class="${kind}"/>`

/** Returns a path along the points, with round corners. */
const along = (points) =>
  points
    .map(([x, y], index) => {
      if (index === 0) return `M${x} ${y}`
      const next = points[index + 1]
      if (next === undefined) return `L${x} ${y}`
      const [fromX, fromY] = points[index - 1]
      const near = (ax, ay) => {
        const length = Math.hypot(ax - x, ay - y)
        const part = Math.min(7, length / 2) / (length || 1)
        return `${round(x + (ax - x) * part)} ${round(y + (ay - y) * part)}`
      }
      return `L${near(fromX, fromY)} Q${x} ${y} ${near(...next)}`
    })
    .join(" ")
const round = (value) => Math.round(value * 10) / 10

/** Draws an arrow along points. */
export const line = (points, kind = "arrow") =>
  `<path d="${along(points)}" class="${kind}" marker-end="url(#${kind === "far" ? "headFar" : "head"})"/>`

/** Returns the whole picture. `description` says in words what it shows, `style` adds to its looks. */
export const page = (
  width,
  height,
  title,
  parts,
  { description = "", style = "" } = {},
) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<title>${escape(title)}</title>${description === "" ? "" : `\n<desc>${escape(description)}</desc>`}
<style>${look}${style}
</style>
<defs>${["head", "headFar"]
  .map(
    (id) =>
      `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" class="${id}"/></marker>`,
  )
  .join("")}</defs>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" class="paper"/>
${parts.join("\n")}
</svg>
`

const sizeOf = (room) => ({
  width: 28 + Math.max(widthOf(room.title, 15), ...room.lines.map((text) => widthOf(text, 12))),
  height: 34 + 17 * room.lines.length,
})

/**
 * Draws rooms on their floors, the highest at the top. A room has a title and lines under it; `arrows` maps it to the
 * rooms that it uses, `floors` to its floor. Arrows to the next floor run straight, longer ones along the sides.
 */
export const drawFloors = (title, rooms, arrows, floors) => {
  const gap = 28
  const top = Math.max(...floors.values())
  const rows = Array.from({ length: top }, (_, index) =>
    rooms
      .filter(({ id }) => floors.get(id) === top - index)
      .map((room) => ({ ...room, ...sizeOf(room) })),
  )
  const rowWidth = (row) => row.reduce((sum, { width }) => sum + width + gap, -gap)
  const uses = (id) => [...(arrows.get(id) ?? [])].toSorted()
  const isFar = (from, to) => floors.get(from) - floors.get(to) > 1
  const far = new Set(rooms.flatMap(({ id }) => uses(id).filter((to) => isFar(id, to))))

  // each room goes under those that use it
  const centre = new Map()
  const placed = new Map()
  const inner = Math.max(...rows.map(rowWidth))
  for (const row of rows) {
    const wanted = (id) => {
      const above = rooms.filter((one) => centre.has(one.id) && uses(one.id).includes(id))
      return above.length === 0
        ? inner
        : above.reduce((sum, one) => sum + centre.get(one.id), 0) / above.length
    }
    row.sort((a, b) => wanted(a.id) - wanted(b.id) || b.width - a.width || (a.id < b.id ? -1 : 1))
    let x = (inner - rowWidth(row)) / 2
    for (const room of row) {
      placed.set(room.id, { ...room, x })
      centre.set(room.id, x + room.width / 2)
      x += room.width + gap
    }
  }
  const sideOf = (id) => (centre.get(id) > inner / 2 ? "right" : "left")
  const bus = new Map()
  for (const side of ["left", "right"]) {
    const targets = [...far].filter((id) => sideOf(id) === side)
    // the arrow to the lowest floor is the outermost
    targets.sort((a, b) => floors.get(b) - floors.get(a) || (a < b ? -1 : 1))
    for (const [index, id] of targets.entries()) bus.set(id, { side, index })
  }
  const countOn = (side) => [...bus.values()].filter((one) => one.side === side).length
  const margin = 24
  const spaceOn = (side) => margin + (countOn(side) === 0 ? 0 : 8 + 12 * countOn(side))
  const left = spaceOn("left")
  const width = left + inner + spaceOn("right")
  for (const room of placed.values()) room.x += left
  const busX = (id) => {
    const { side, index } = bus.get(id)
    return side === "left" ? left - 14 - 12 * index : left + inner + 14 + 12 * index
  }

  // space between two floors, from above: arrows to the sides, straight arrows, arrows from the sides
  let y = 44
  const leaving = rows.map((row) => [
    ...new Set(row.flatMap(({ id }) => uses(id).filter((to) => isFar(id, to)))),
  ])
  const arriving = rows.map((row) => row.map(({ id }) => id).filter((id) => far.has(id)))
  const levels = rows.map((row, index) => {
    y += arriving[index].length * 8
    const from = y
    const height = Math.max(...row.map((room) => room.height))
    for (const { id } of row) Object.assign(placed.get(id), { y: from, height })
    y += height + leaving[index].length * 8 + 40
    return { top: from, bottom: from + height }
  })
  const height = y - 40 - leaving.at(-1).length * 8 + 24

  // arrows leave and arrive side by side, in the order of their other ends
  const endsOf = (id, others, x, edge) => {
    const { x: start, width: all } = placed.get(id)
    const sorted = others.toSorted((a, b) => x(a) - x(b))
    return new Map(
      sorted.map((other, index) => [
        other,
        [round(start + (all * (index + 1)) / (sorted.length + 1)), edge],
      ]),
    )
  }
  const middle = (id) => placed.get(id).x + placed.get(id).width / 2
  const parts = [label(margin, 28, title, "title")]
  const out = new Map()
  const into = new Map()
  for (const { id } of placed.values()) {
    const { y: at, height: tall } = placed.get(id)
    out.set(
      id,
      endsOf(id, uses(id), (to) => (isFar(id, to) ? busX(to) : middle(to)), at + tall),
    )
    const near = rooms
      .map((one) => one.id)
      .filter((one) => uses(one).includes(id) && !isFar(one, id))
    into.set(
      id,
      endsOf(
        id,
        far.has(id) ? [...near, "bus"] : near,
        (from) => (from === "bus" ? busX(id) : middle(from)),
        at,
      ),
    )
  }
  for (const [index, row] of rows.entries()) {
    for (const { id } of row) {
      for (const to of uses(id)) {
        const [x1, y1] = out.get(id).get(to)
        if (!isFar(id, to)) {
          const [x2, y2] = into.get(to).get(id)
          const halfway = round((y1 + y2) / 2)
          parts.push(
            `<path d="M${x1} ${y1} C${x1} ${halfway} ${x2} ${halfway} ${x2} ${y2}" class="arrow" marker-end="url(#head)"/>`,
          )
          continue
        }
        const [x2, y2] = into.get(to).get("bus")
        const low = levels[index].bottom + 8 * (leaving[index].indexOf(to) + 1)
        const row2 = rows.findIndex((one) => one.some((room) => room.id === to))
        const high = levels[row2].top - 8 * (arriving[row2].indexOf(to) + 1) - 2
        parts.push(
          line(
            [
              [x1, y1],
              [x1, low],
              [busX(to), low],
              [busX(to), high],
              [x2, high],
              [x2, y2],
            ],
            "far",
          ),
        )
      }
    }
  }
  for (const room of placed.values()) {
    parts.push(box(room, room.kind))
    parts.push(label(room.x + 14, room.y + 22, room.title, "title"))
    for (const [index, text] of room.lines.entries()) {
      parts.push(label(room.x + 14, room.y + 40 + 17 * index, text, "soft"))
    }
  }
  return page(Math.ceil(width), Math.ceil(height), title, parts)
}

/**
 * Draws a flow from top to bottom. A stage has a title, the module that does it, and a line of words; `loops` go back from
 * one stage to an earlier one with words next to them, and `ends` are drawn under the last stage.
 */
export const drawFlow = (title, stages, loops, ends) => {
  const [x, width, tall, gap] = [24, 540, 58, 22]
  const topOf = (index) => 48 + index * (tall + gap)
  const indexOf = (id) => stages.findIndex((stage) => stage.id === id)
  const right = x + width
  const parts = [label(24, 28, title, "title")]
  for (const [index, stage] of stages.entries()) {
    const at = { x, y: topOf(index), width, height: tall }
    parts.push(box(at, "room"))
    parts.push(label(x + 16, at.y + 24, `${index + 1}. ${stage.title}`, "title"))
    parts.push(label(right - 16, at.y + 24, stage.module, "code", "end"))
    parts.push(label(x + 16, at.y + 44, stage.words, "soft"))
    if (index > 0) {
      parts.push(
        line([
          [x + width / 2, at.y - gap],
          [x + width / 2, at.y],
        ]),
      )
    }
  }
  let widest = right
  for (const [index, { from, to, words }] of loops.entries()) {
    const out = right + 40 + 26 * index
    const [y1, y2] = [topOf(indexOf(from)) + tall - 18, topOf(indexOf(to)) + 18 + 14 * index]
    parts.push(
      line([
        [right, y1],
        [out, y1],
        [out, y2],
        [right, y2],
      ]),
    )
    for (const [row, text] of words.entries()) {
      parts.push(label(right + 40 + 26 * loops.length, y1 - 8 + 17 * row, text))
      widest = Math.max(widest, right + 40 + 26 * loops.length + widthOf(text))
    }
  }
  const bottom = topOf(stages.length)
  const each = (width - gap * (ends.length - 1)) / ends.length
  for (const [index, end] of ends.entries()) {
    const at = { x: x + index * (each + gap), y: bottom + 14, width: each, height: tall }
    const middle = at.x + each / 2
    parts.push(
      line([
        [middle, bottom - gap],
        [middle, at.y],
      ]),
    )
    parts.push(box(at, end.kind))
    parts.push(label(at.x + 16, at.y + 24, end.title, "title"))
    parts.push(label(at.x + 16, at.y + 44, end.words, "soft"))
  }
  return page(Math.ceil(widest + 24), bottom + 14 + tall + 24, title, parts)
}
