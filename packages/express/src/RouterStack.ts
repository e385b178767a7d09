/**
 * Reads the app's own list of layers: which block a request would reach, and whether an error that a handler passes on will
 * reach `aelystErrors()`, in Express 4 and 5. If that cannot be found out it counts as "no", so that the handler responds
 * itself.
 */
import type { Request, Response } from "express"

import type { RequestError } from "./RequestError.ts"

const mark = Symbol.for("@aelyst/express/errors")

/** Marks a function as an error mapper. */
export const markMapper = <F extends object>(mapper: F): F =>
  Object.defineProperty(mapper, mark, { value: true })

/** The position of the app's error mappers relative to a handler. */
export interface MapperPosition {
  /** Whether a mapper is mounted after every route of the handler. */
  readonly after: boolean
  /** Whether a mapper is mounted before it. */
  readonly before: boolean
}

const get = (u: unknown, name: PropertyKey): unknown =>
  (typeof u === "object" && u !== null) || typeof u === "function"
    ? Reflect.get(u, name)
    : undefined

const stackOf = (router: unknown): ReadonlyArray<unknown> => {
  const stack = get(router, "stack")
  return Array.isArray(stack) ? stack : []
}

// a mapper below a path only receives the errors of that path, so it does not count
const matchesAll = (layer: unknown): boolean =>
  get(layer, "slash") === true || get(get(layer, "regexp"), "fast_slash") === true

interface Search {
  readonly handler: unknown
  before: boolean
  found: boolean
  /** Whether it was found and no mapper after it so far. */
  open: boolean
}

const walk = (search: Search, stack: ReadonlyArray<unknown>, isRoute: boolean): void => {
  let openHere = false
  for (const layer of stack) {
    const handle = get(layer, "handle")
    if (handle === search.handler) {
      search.found = true
      openHere = true
    } else if (get(handle, mark) === true) {
      if (!isRoute && !matchesAll(layer)) continue
      if (!search.found) search.before = true
      openHere = false
    } else {
      const route = get(layer, "route")
      const inner: Search = { ...search, found: false, open: false }
      walk(inner, stackOf(route ?? handle), route !== undefined)
      search.found ||= inner.found
      openHere ||= inner.open
    }
  }
  search.open = openHere
}

const routerOf = (app: unknown): unknown => get(app, "_router") ?? get(app, "router")

const inApp = (app: unknown, handler: unknown): MapperPosition => {
  const search: Search = { handler, before: false, found: false, open: false }
  try {
    walk(search, stackOf(routerOf(app)), false)
  } catch {
    return { after: false, before: false }
  }
  return { after: search.found && !search.open, before: search.before }
}

// Express hides a mounted app in a function; if it has no mapper, one of its parents must have one after it
const inParents = (app: unknown): boolean => {
  for (let parent = get(app, "parent"); parent !== undefined; parent = get(parent, "parent")) {
    const stack = stackOf(routerOf(parent))
    const mounted = stack.findLastIndex((layer) => get(layer, "name") === "mounted_app")
    const mapper = stack.findLastIndex(
      (layer) => get(get(layer, "handle"), mark) === true && matchesAll(layer),
    )
    if (mounted !== -1 && mapper > mounted) return true
  }
  return false
}

const positions = new WeakMap<object, WeakMap<object, MapperPosition>>()

/** Returns the position of the error mappers relative to a handler; searches each app once per handler. */
export const mapperPositionOf = (app: object, handler: object): MapperPosition => {
  const known = positions.get(app) ?? new WeakMap<object, MapperPosition>()
  positions.set(app, known)
  const found = known.get(handler)
  if (found !== undefined) return found
  const own = inApp(app, handler)
  const position = { after: own.after || inParents(app), before: own.before }
  known.set(handler, position)
  return position
}

const blockMark = Symbol.for("@aelyst/express/block")

/** A block of this package among an app's handlers. */
export interface Block {
  /** Whether it handles a path below its mount path. */
  readonly owns: (path: string) => boolean
  /** Responds to a request that was rejected before it reached the block; `undefined` if the error mapper responds. */
  readonly respond?: (error: RequestError, res: Response) => void
}

/** Marks a handler as a block. */
export const markBlock = <F extends object>(handler: F, block: Block): F =>
  Object.defineProperty(handler, blockMark, { value: block })

/** Returns the part of a path below a layer; `undefined` if the layer does not match. */
const below = (layer: unknown, path: string): string | undefined => {
  const match = get(layer, "match")
  const result: unknown = typeof match === "function" && Reflect.apply(match, layer, [path])
  if (result === false) return undefined
  // newer routers return the match, older ones keep it in the layer
  const matched = get(result === true ? layer : result, "path")
  return path.slice(typeof matched === "string" ? matched.length : 0) || "/"
}

const findBlock = (
  stack: ReadonlyArray<unknown>,
  path: string,
  method: string,
): Block | undefined => {
  for (const layer of stack) {
    const rest = below(layer, path)
    if (rest === undefined) continue
    const route = get(layer, "route")
    const methods = get(route, "methods")
    if (route !== undefined && get(methods, method) !== true && get(methods, "_all") !== true)
      continue
    // within a route every layer matches "/"
    const handlers = route === undefined ? [layer] : stackOf(route)
    for (const one of handlers) {
      const handle = get(one, "handle")
      // safe: only `markBlock` writes under this symbol
      const block = get(handle, blockMark) as Block | undefined
      const found = block ?? findBlock(stackOf(handle), rest, method)
      if (block === undefined ? found !== undefined : block.owns(rest)) return found
    }
  }
  return undefined
}

/** Returns the block that a request would reach, by its path and method. */
export const blockOf = (req: Request): Block | undefined => {
  try {
    const mount = req.app.path()
    const path = `${req.baseUrl}${req.path}`.slice(mount.length) || "/"
    return findBlock(stackOf(routerOf(req.app)), path, req.method.toLowerCase())
  } catch {
    return undefined
  }
}
