/**
 * Whether an error that a handler passes on will meet `aelystErrors()`: looked up in the app's own list of layers, in
 * Express 4 and 5. What cannot be looked up counts as "no", so that the handler answers by itself.
 */

const mark = Symbol.for("@aelyst/express/errors")

/** Marks a function as an error mapper. */
export const markMapper = <F extends object>(mapper: F): F =>
  Object.defineProperty(mapper, mark, { value: true })

/** What stands where, seen from a handler. */
export interface Order {
  /** A mapper stands behind every place of the handler. */
  readonly behind: boolean
  /** A mapper stands before it. */
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

// A mapper below a path of its own sees that path's errors alone, so it does not count.
const matchesAll = (layer: unknown): boolean =>
  get(layer, "slash") === true || get(get(layer, "regexp"), "fast_slash") === true

interface Walk {
  readonly handler: unknown
  before: boolean
  found: boolean
  /** Found, and no mapper behind it so far. */
  open: boolean
}

const walk = (state: Walk, stack: ReadonlyArray<unknown>, isRoute: boolean): void => {
  let openHere = false
  for (const layer of stack) {
    const handle = get(layer, "handle")
    if (handle === state.handler) {
      state.found = true
      openHere = true
    } else if (get(handle, mark) === true) {
      if (!isRoute && !matchesAll(layer)) continue
      if (!state.found) state.before = true
      openHere = false
    } else {
      const route = get(layer, "route")
      const inner: Walk = { ...state, found: false, open: false }
      walk(inner, stackOf(route ?? handle), route !== undefined)
      state.found ||= inner.found
      openHere ||= inner.open
    }
  }
  state.open = openHere
}

const routerOf = (app: unknown): unknown => get(app, "_router") ?? get(app, "router")

const inApp = (app: unknown, handler: unknown): Order => {
  const state: Walk = { handler, before: false, found: false, open: false }
  try {
    walk(state, stackOf(routerOf(app)), false)
  } catch {
    return { behind: false, before: false }
  }
  return { behind: state.found && !state.open, before: state.before }
}

// A mounted app is hidden in a function of Express's; where it has no mapper, its parent must have one behind it.
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

const orders = new WeakMap<object, WeakMap<object, Order>>()

/** Looks once per app where a handler and the mappers stand. */
export const orderOf = (app: object, handler: object): Order => {
  const known = orders.get(app) ?? new WeakMap<object, Order>()
  orders.set(app, known)
  const found = known.get(handler)
  if (found !== undefined) return found
  const own = inApp(app, handler)
  const order = { behind: own.behind || inParents(app), before: own.before }
  known.set(handler, order)
  return order
}
