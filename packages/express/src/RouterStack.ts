/**
 * Finds out whether an error that a handler passes on will reach `aelystErrors()`, from the app's own list of layers, in
 * Express 4 and 5. If that cannot be found out it counts as "no", so that the handler responds itself.
 */

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
