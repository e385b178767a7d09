/** Shows what to type to send requests to this sandbox, with the token. */
import { buttonOf, copyText, h } from "./dom.ts"

const token = "sandbox_ok"

const snippets: ReadonlyArray<readonly [name: string, what: string, text: string]> = [
  [
    "command",
    "Create a contact:",
    `curl --request POST '${location.origin}/v1/contact/email:ana@example.com' --header 'Authorization: Bearer ${token}' --header 'Content-Type: application/json' --data '{"firstName":"Ana"}'`,
  ],
  [
    "variables",
    "Or set these for your program:",
    `export AELYST_BASE_URL=${location.origin}/v1 AELYST_TOKEN=${token}`,
  ],
]

/** Creates the snippets to copy. */
export const connectSnippets = (): ReadonlyArray<HTMLElement> =>
  snippets.map(([name, what, text]) =>
    h(
      "div",
      { class: "connect" },
      h("p", {}, what),
      h("pre", {}, text),
      buttonOf("Copy", () => copyText(text, name), { "aria-label": `Copy the ${name}` }),
    ),
  )
