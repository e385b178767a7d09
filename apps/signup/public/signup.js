// Improves the form if scripts run: it stays on the page, keeps what was typed, and counts down. The form also works
// without it.
const form = document.querySelector("form")
const summary = document.querySelector("#summary")
const button = document.querySelector("button")
const status = document.querySelector("#status")

const tryAgain = (seconds) => `Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`

let timer
/** Counts down until the form can be sent again; people can keep typing. */
const countDown = (seconds) => {
  clearInterval(timer)
  let left = seconds
  const countdown = document.querySelector("#again") ?? document.createElement("p")
  countdown.id = "again"
  document.querySelector("#problem").after(countdown)
  button.setAttribute("aria-disabled", "true")
  const show = () => {
    countdown.textContent = left > 0 ? tryAgain(left) : "You can try again now."
    if (left > 0) return
    clearInterval(timer)
    button.removeAttribute("aria-disabled")
    // announced once at the end, not every second
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
    wrong.length > 0 ? "Please correct the following:" : message
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
  return { ok: response.ok, body: await response.json() }
}

let busy = false
form?.addEventListener("submit", async (event) => {
  event.preventDefault()
  if (busy || button.getAttribute("aria-disabled") === "true") return
  busy = true
  clear()
  status.textContent = "Sending…"
  try {
    const { ok, body } = await send()
    if (ok) {
      location.assign(body.location)
      return
    }
    status.textContent = ""
    show(body)
  } catch {
    status.textContent = ""
    show({
      message: "The server could not be reached. Your entries are still here.",
      errors: {},
    })
  }
  busy = false
})

// a link in the summary moves the focus to its field
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
const thanks = document.querySelector("#thanks")
thanks?.focus()

/** Checks whether the sign-up has ended, until it has; the page then shows how. */
const follow = async () => {
  const response = await fetch(location.pathname.replace("/thanks/", "/status/")).catch(() => null)
  const found = response?.ok ? await response.json() : {}
  if (found.status !== undefined && found.status !== "pending") location.reload()
  else if (response === null || response.ok) setTimeout(follow, 1000)
}
if (thanks?.hasAttribute("data-pending")) void follow()
