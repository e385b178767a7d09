/**
 * Decides once, when the transport is created, through which proxy a target is reached, if any: only https targets, never
 * loopback hosts, and `NO_PROXY` is compared with normalised host names.
 */
import { BlockList, isIP } from "node:net"

import { ConfigurationError } from "@aelyst/core"
import { ClientOptions } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

/** Names a proxy: none, the one in `HTTPS_PROXY` unless `NO_PROXY` exempts the target, or an `http:` or `https:` URL. */
export type ProxyOption = false | "env" | string | URL

/** Environment variables, as in `process.env`. */
export type Environment = { readonly [name: string]: string | undefined }

interface Host {
  /** In lower case, without brackets and final dots. */
  readonly name: string
  /** 4 or 6 for an address, 0 for a name. */
  readonly family: number
}

// The URL parser normalises addresses, case and international names.
const hostOf = (text: string): Host | undefined => {
  const bare = text.startsWith("[") || isIP(text) !== 6 ? text : `[${text}]`
  if (!URL.canParse(`https://${bare}`)) return undefined
  const name = new URL(`https://${bare}`).hostname.replace(/\.+$/, "").replace(/^\[|\]$/g, "")
  return name === "" ? undefined : { name, family: isIP(name) }
}

const typeOf = (family: number) => (family === 6 ? "ipv6" : "ipv4")

const isInSubnet = (host: Host, entry: string): boolean => {
  const [, address = "", bits = ""] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/i.exec(entry) ?? []
  const family = isIP(address)
  if (family === 0 || host.family !== family || Number(bits) > (family === 4 ? 32 : 128))
    return false
  const subnet = new BlockList()
  subnet.addSubnet(address, Number(bits), typeOf(family))
  return subnet.check(host.name, typeOf(host.family))
}

const matches = (host: Host, port: string, entry: string): boolean => {
  if (entry === "*") return true
  if (entry.includes("/")) return isInSubnet(host, entry)
  const [, text = "", wanted] = (isIP(entry) === 6 ? undefined : /^(.*):(\d+)$/.exec(entry)) ?? [
    entry,
    entry,
    undefined,
  ]
  if (wanted !== undefined && Number(wanted) !== Number(port)) return false
  const known = hostOf(text.replace(/^\*?\./, ""))
  if (known === undefined) return false
  if (known.name === host.name) return true
  return host.family === 0 && known.family === 0 && host.name.endsWith(`.${known.name}`)
}

/**
 * Returns whether `NO_PROXY` names the target.
 *
 * The list is split at commas and spaces. An entry is `*`, a host, a domain (with or without `.` or `*.` before it, and
 * including its subdomains), an address, or a subnet such as `10.0.0.0/8`. Each, except a subnet, may have a port.
 */
export const isExempt = (target: URL, noProxy: string): boolean => {
  const host = hostOf(target.hostname)
  if (host === undefined) return false
  const port = target.port === "" ? (target.protocol === "https:" ? "443" : "80") : target.port
  return noProxy.split(/[\s,]+/).some((entry) => entry !== "" && matches(host, port, entry))
}

/**
 * Returns whether the host of a URL is this machine. Besides the hosts for which http is allowed, these are the names
 * below `localhost`, and `127.0.0.0/8` written as IPv6 addresses.
 */
const isLoopbackUrl = ({ hostname }: URL): boolean =>
  ClientOptions.isLoopback(hostname) || /\.localhost\.*$|^\[::ffff:7f..:/.test(hostname)

const ruleFor = (text: string): string =>
  /^["']|["']$/.test(text)
    ? "must be a URL without quotation marks around it"
    : /^socks[45a-z]*:/i.test(text)
      ? "must be an http or https proxy; SOCKS proxies are not supported"
      : "must be the URL of an http or https proxy"

const parse = (option: string, input: string | URL): Result.Result<URL, ConfigurationError> => {
  const text = String(input).trim()
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  // a variable may name the host only; as an option, a word is rather a mistyped "env"
  const withScheme = hasScheme || option === "proxy" ? text : `http://${text}`
  const isQuoted = /^["']|["']$/.test(text)
  const url = !isQuoted && URL.canParse(withScheme) ? new URL(withScheme) : undefined
  return url !== undefined && (url.protocol === "http:" || url.protocol === "https:")
    ? Result.succeed(url)
    : Result.fail(new ConfigurationError(option, ruleFor(text)))
}

const decodeRun = (run: string): string => {
  try {
    return decodeURIComponent(run)
  } catch {
    // not UTF-8
    return run
  }
}

const decode = (text: string): string => text.replace(/(?:%[\da-f]{2})+/gi, decodeRun)

/**
 * Returns the value of `Proxy-Authorization` for a proxy's user and password; undefined if it has none. A `%` that begins no
 * escape is taken as written.
 */
export const authorizationOf = ({ username, password }: URL): string | undefined => {
  if (username === "" && password === "") return undefined
  return `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString("base64")}`
}

/**
 * Returns the proxy through which a target is reached, or undefined.
 *
 * `env` reads `https_proxy` and `no_proxy` in either case, the lower case first, as curl does. A URL takes precedence
 * over the environment. An `http:` target and a loopback host are never reached through a proxy, since the proxy would
 * read the token; for them, and for hosts that `NO_PROXY` names, a proxy from the environment is not even read. Fails if
 * the proxy is not a URL; the value may contain a password and is not quoted.
 */
export const resolve = (
  target: URL,
  option: ProxyOption,
  env: Environment,
): Result.Result<URL | undefined, ConfigurationError> => {
  if (option === false) return Result.succeed(undefined)
  const isDirect = target.protocol !== "https:" || isLoopbackUrl(target)
  if (option !== "env") {
    if (option === "") return Result.succeed(undefined)
    return Result.map(parse("proxy", option), (proxy) => (isDirect ? undefined : proxy))
  }
  const name = env["https_proxy"] ? "https_proxy" : "HTTPS_PROXY"
  const chosen = env[name] ?? ""
  const noProxy = env["no_proxy"] || env["NO_PROXY"] || ""
  return chosen.trim() === "" || isDirect || isExempt(target, noProxy)
    ? Result.succeed(undefined)
    : parse(name, chosen)
}
