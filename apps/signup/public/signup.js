// Makes the form better where there is a script: it stays on the page, keeps what was typed, and counts down.
// Without it the form works all the same; the server answers both.
const form = document.querySelector("form")
const summary = document.querySelector("#summary")
const button = document.querySelector("button")
const status = document.querySelector("#status")

const again = (seconds) => `Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`

let timer
/** Counts down; people may type meanwhile, and sending is possible again at the end. */
const countDown = (seconds) => {
  clearInterval(timer)
  let left = seconds
  const line = document.querySelector("#again") ?? document.createElement("p")
  line.id = "again"
  document.querySelector("#problem").after(line)
  button.setAttribute("aria-disabled", "true")
  const show = () => {
    line.textContent = left > 0 ? again(left) : "You can try again now."
    if (left > 0) return
    clearInterval(timer)
    button.removeAttribute("aria-disabled")
    // said once at the end, not every second
    status.textContent = "You can try again now."
  }
  show()
  timer = setInterval(() => {
    left -= 1
    show()
  }, 1000)
}

const clear = () => {
  clearInterval(timer)
  button.removeAttribute("aria-disabled")
  document.title = "Sign up"
  summary.hidden = true
  summary.querySelector("ul").replaceChildren()
  document.querySelector("#again")?.remove()
  status.textContent = ""
  for (const field of document.querySelectorAll(".field")) {
    const input = field.querySelector("input")
    const error = field.querySelector(".error")
    error.hidden = true
    error.textContent = ""
    input.removeAttribute("aria-invalid")
    describe(field, input)
  }
}

const describe = (field, input) => {
  const ids = [...field.querySelectorAll(".hint, .error:not([hidden])")].map(({ id }) => id)
  if (ids.length > 0) input.setAttribute("aria-describedby", ids.join(" "))
  else input.removeAttribute("aria-describedby")
}

const show = ({ message, errors, retryAfter }) => {
  const wrong = [...document.querySelectorAll(".field")].filter(
    (field) => errors[field.dataset.field] !== undefined,
  )
  for (const field of wrong) {
    const name = field.dataset.field
    const input = field.querySelector("input")
    const error = field.querySelector(".error")
    error.textContent = errors[name]
    error.hidden = false
    input.setAttribute("aria-invalid", "true")
    describe(field, input)
    const link = document.createElement("a")
    link.href = `#${name}`
    link.textContent = errors[name]
    const item = document.createElement("li")
    item.append(link)
    summary.querySelector("ul").append(item)
  }
  document.querySelector("#problem").textContent =
    wrong.length > 0 ? "Please correct this:" : message
  document.title = "Error: Sign up"
  summary.hidden = false
  if (retryAfter !== undefined) countDown(retryAfter)
  summary.focus()
}

const send = async () => {
  const response = await fetch(form.action, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  })
  return { ok: response.ok, answer: await response.json() }
}

let busy = false
form?.addEventListener("submit", async (event) => {
  event.preventDefault()
  if (busy || button.getAttribute("aria-disabled") === "true") return
  busy = true
  clear()
  status.textContent = "Sending…"
  try {
    const { ok, answer } = await send()
    if (ok) {
      location.assign(answer.location)
      return
    }
    status.textContent = ""
    show(answer)
  } catch {
    status.textContent = ""
    show({
      message: "The server could not be reached. What you entered is still here.",
      errors: {},
    })
  }
  busy = false
})

// a link of the summary leads to its field
summary?.addEventListener("click", (event) => {
  const target = event.target.closest("a")
  if (target === null) return
  event.preventDefault()
  document.querySelector(target.hash)?.focus()
})

if (summary !== null && !summary.hidden) {
  summary.focus()
  const seconds = Number(summary.dataset.retryAfter)
  if (seconds > 0) countDown(seconds)
}
document.querySelector("#thanks")?.focus()
