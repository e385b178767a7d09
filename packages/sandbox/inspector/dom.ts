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
