/** Resets the sandbox after asking, and undoes that once. */
import { call } from "./admin.ts"
import { attempt, buttonOf, byId, plural, toast } from "./dom.ts"

/** The number of contacts and requests that a reset has removed. */
export interface Undoable {
  readonly contacts: number
  readonly requests: number
}

const send = (path: string, method: string, text: string, body?: unknown): void =>
  attempt(async () => {
    await call(path, method, body)
    toast(text)
  })

/** Offers to undo the last reset, if that is possible. */
export const showUndo = (undoable: Undoable | undefined): void => {
  const bar = byId("undo")
  bar.hidden = undoable === undefined
  if (undoable === undefined) return
  const { contacts, requests } = undoable
  bar.replaceChildren(
    `Reset removed ${plural(contacts, "contact")} and ${plural(requests, "request")}. Undo also removes newer ones.`,
    buttonOf("Undo", () => send("/undo", "POST", "Undone")),
    buttonOf("Forget", () => send("/undo", "DELETE", "Forgotten")),
  )
}

const ask = byId("ask")
const close = () => {
  if (ask instanceof HTMLDialogElement) ask.close()
}

/** Opens the dialog that asks before a reset. */
export const askReset = (): void =>
  attempt(async () => {
    const { contacts } = await call<{ readonly contacts: number }>("/health")
    byId("question").textContent =
      `Remove all contacts (${contacts}), all requests and the added faults?`
    if (ask instanceof HTMLDialogElement && !ask.open) ask.showModal()
  })

byId("no").addEventListener("click", close)
byId("yes").addEventListener("click", () => {
  close()
  send("/reset", "POST", "Reset", { undoable: true })
})
