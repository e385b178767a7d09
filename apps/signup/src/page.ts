/** Renders the pages as HTML. All values from outside are escaped here. */

/** Lists the fields of the form in order. */
export const fields = [
  {
    name: "firstName",
    label: "First name",
    type: "text",
    autocomplete: "given-name",
    hint: undefined,
  },
  {
    name: "lastName",
    label: "Last name (optional)",
    type: "text",
    autocomplete: "family-name",
    hint: undefined,
  },
  {
    name: "email",
    label: "Email address",
    type: "email",
    autocomplete: "email",
    hint: "Enter an email address, a phone number, or both.",
  },
  {
    name: "phone",
    label: "Phone number",
    type: "tel",
    autocomplete: "tel",
    hint: "Include the country code, for example +60 12 345 6789.",
  },
] as const

/** Describes what the form shows. */
export interface FormState {
  readonly values: Readonly<Record<string, string>>
  /** The error of each field. */
  readonly errors: Readonly<Record<string, string>>
  /** An error that belongs to no field. */
  readonly message?: string
  /** When to try again, in seconds. */
  readonly retryAfter?: number
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}
const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

const layout = (title: string, main: string, inspector: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/signup.css">
<link rel="icon" href="data:,">
<script src="/signup.js" type="module"></script>
</head>
<body>
<main>
${main}
</main>
<footer>
<p>Your details go to the sandbox on this machine. <a href="${escape(inspector)}" target="_blank" rel="noopener">See what it received (opens in a new tab)</a></p>
</footer>
</body>
</html>
`

const field = (one: (typeof fields)[number], { errors, values }: FormState): string => {
  const { autocomplete, hint, label, name, type } = one
  const error = errors[name]
  const described = [
    ...(hint === undefined ? [] : [`${name}-hint`]),
    ...(error === undefined ? [] : [`${name}-error`]),
  ]
  const attributes = [
    `id="${name}"`,
    `name="${name}"`,
    `type="${type}"`,
    `autocomplete="${autocomplete}"`,
    `value="${escape(values[name] ?? "")}"`,
    ...(name === "firstName" ? ["required"] : []),
    ...(error === undefined ? [] : ['aria-invalid="true"']),
    ...(described.length === 0 ? [] : [`aria-describedby="${described.join(" ")}"`]),
  ]
  return `<div class="field" data-field="${name}">
<label for="${name}">${label}</label>
${hint === undefined ? "" : `<p class="hint" id="${name}-hint">${hint}</p>\n`}<p class="error" id="${name}-error"${error === undefined ? " hidden" : ""}>${escape(error ?? "")}</p>
<input ${attributes.join(" ")}>
</div>`
}

const tryAgain = (seconds: number): string =>
  `Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`

const summary = ({ errors, message, retryAfter }: FormState): string => {
  const links = fields
    .filter(({ name }) => errors[name] !== undefined)
    .map(({ name }) => `<li><a href="#${name}">${escape(errors[name] ?? "")}</a></li>`)
  const wrong = links.length > 0 || message !== undefined
  const text = links.length > 0 ? "Please correct the following:" : (message ?? "")
  const wait = retryAfter === undefined ? "" : `<p id="again">${tryAgain(retryAfter)}</p>`
  return `<div id="summary" class="summary" role="alert" tabindex="-1"${wrong ? "" : " hidden"}${retryAfter === undefined ? "" : ` data-retry-after="${retryAfter}"`}>
<h2>There is a problem</h2>
<p id="problem">${escape(text)}</p>
${wait}
<ul>${links.join("")}</ul>
</div>`
}

/** Renders the form, empty or with its errors. */
export const formPage = (state: FormState, inspector: string): string => {
  const wrong = state.message !== undefined || Object.keys(state.errors).length > 0
  return layout(
    `${wrong ? "Error: " : ""}Sign up`,
    `<h1>Sign up</h1>
${summary(state)}
<form method="post" action="/" novalidate>
${fields.map((one) => field(one, state)).join("\n")}
<div class="trap" aria-hidden="true">
<label for="favourite_colour">Leave this field empty</label>
<input id="favourite_colour" name="favourite_colour" type="text" tabindex="-1" autocomplete="new-password">
</div>
<button type="submit">Sign up</button>
<p id="status" role="status"></p>
</form>`,
    inspector,
  )
}

const again = `<p><a href="/">Sign up someone else</a></p>`

const thanks: Readonly<Record<string, readonly [title: string, text: string]>> = {
  pending: [
    "Thank you",
    "We have your details, and they are safe. Your sign-up is being completed; you can close this page.",
  ],
  rejected: [
    "We could not sign you up",
    "Your details were not accepted. Please check them and try again.",
  ],
  parked: [
    "We could not confirm your sign-up",
    "Please contact us before you try again, so that you are not signed up twice.",
  ],
}
const signedUp = ["You are signed up", "Thank you. We will be in touch."] as const

/** Renders the page after a sign-up, for its present state. */
export const thanksPage = (state: string, inspector: string): string => {
  const [title, text] = thanks[state] ?? signedUp
  return layout(
    title,
    `<h1 id="thanks" tabindex="-1"${state === "pending" ? " data-pending" : ""}>${title}</h1>
<p role="status">${text}</p>
${again}`,
    inspector,
  )
}
