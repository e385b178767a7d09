// Servers that a check starts as the documents say, and how it stops them.
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"

const windows = process.platform === "win32"

/** Returns a port of this machine that is free now. */
export const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  return port
}

/** Starts the sandbox as the READMEs do, with a flag for npx, and returns the variables that it prints. */
export const startSandbox = async (project, env, flag = "--no-install") => {
  const args = [flag, "@aelyst/sandbox", "--port", String(await freePort())]
  const child = spawn("npx", args, {
    cwd: project,
    env,
    shell: windows,
    detached: !windows,
    stdio: ["ignore", "ignore", "pipe"],
  })
  let printed = ""
  const started = new Promise((resolve, reject) => {
    child.stderr.on("data", (data) => {
      printed += data
      if (printed.includes("AELYST_TOKEN=")) resolve()
    })
    child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}\n${printed}`)))
  })
  await started
  const [, baseUrl, token] = /AELYST_BASE_URL=(\S+) AELYST_TOKEN=(\S+)/.exec(printed)
  return { child, variables: { AELYST_BASE_URL: baseUrl, AELYST_TOKEN: token } }
}

/** Stops a program together with those that it started: npx passes no signal on, Ctrl-C in a terminal reaches all. */
export const stop = ({ pid }) => {
  if (windows) execFile("taskkill", ["/pid", String(pid), "/T", "/F"])
  else process.kill(-pid, "SIGINT")
}

/** Starts a program that listens on a port, and waits until it does; `errors()` is what it printed about them. */
export const startApp = async (file, port, options) => {
  const child = spawn("node", [file], { ...options, stdio: ["ignore", "ignore", "pipe"] })
  let errors = ""
  child.stderr.on("data", (data) => (errors += data))
  const listens = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
  while (child.exitCode === null && !(await listens()))
    await new Promise((resolve) => setTimeout(resolve, 20))
  return { child, errors: () => errors }
}

/** Sends what a call of `curl` in a README sends, and returns the status. */
export const send = async (command, port) => {
  const [url] = /http:\S+/.exec(command)
  const [, body] = /--data '(.+?)'/.exec(command)
  const headers = [...command.matchAll(/--header '(.+?): (.+?)'/g)].map(([, ...header]) => header)
  return (
    await fetch(url.replace(/localhost:\d+/, `127.0.0.1:${port}`), {
      method: "POST",
      headers: [["content-type", "application/x-www-form-urlencoded"], ...headers],
      body,
    })
  ).status
}
