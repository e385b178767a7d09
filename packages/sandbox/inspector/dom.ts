/** Creates and finds elements. Text that clients sent becomes text nodes, never markup. */

/** Returns the element with this id. */
export const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`no #${id}`)
  return found
}

type Attributes = Readonly<Record<string, string | boolean | (() => void)>>

/** Creates an element; children that are strings become text, never markup. */
export const h = (
  tag: string,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElement => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false) element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

let toastTimer: ReturnType<typeof setTimeout> | undefined
/** Shows a short message for a moment. */
export const toast = (text: string): void => {
  byId("toast").textContent = text
  clearTimeout(toastTimer)
  toastTimer = setTimeout(() => (byId("toast").textContent = ""), 2500)
}

/** Runs an action, and shows its error instead of failing silently. */
export const attempt = (action: () => Promise<unknown>): void => {
  action().catch((error: unknown) => toast(error instanceof Error ? error.message : String(error)))
}

/** Copies a text to the clipboard, and says so. */
export const copyText = (text: string, name: string): void =>
  attempt(async () => {
    await navigator.clipboard.writeText(text)
    toast(`Copied ${name}`)
  })

/** Creates a button. */
export const buttonOf = (
  text: string,
  click: () => void,
  attributes: Attributes = {},
): HTMLElement => h("button", { type: "button", click, ...attributes }, text)

/** Creates an element for text that clients sent, in the direction of its script. */
export const isolated = (text: string, tag = "span"): HTMLElement =>
  h(tag, { class: "value", dir: "auto" }, text)

/** Creates a list of names and values; leaves out those without a value. */
export const terms = (
  entries: ReadonlyArray<readonly [name: string, value: Node | string | undefined]>,
): HTMLElement =>
  h(
    "dl",
    {},
    ...entries.flatMap(([name, given]) =>
      given === undefined
        ? []
        : [
            isolated(name, "dt"),
            typeof given === "string" ? isolated(given, "dd") : h("dd", {}, given),
          ],
    ),
  )

const two = (number: number): string => String(number).padStart(2, "0")

/** Shows a time of the sandbox's clock in the local zone; the tooltip has it in UTC. */
export const time = (at: number, withDate = false): HTMLElement => {
  const date = new Date(at)
  const utc = date.toISOString()
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")
  return h(
    "time",
    { datetime: utc, title: `${utc.slice(0, 23).replace("T", " ")} UTC` },
    `${withDate ? `${day} ` : ""}${clock}.${utc.slice(20, 23)}`,
  )
}

/** Writes a number and its noun. */
export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`

/** Returns the input with this id. */
export const inputOf = (id: string): HTMLInputElement => {
  const found = byId(id)
  if (!(found instanceof HTMLInputElement)) throw new Error(`no input #${id}`)
  return found
}
