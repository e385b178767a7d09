/** Keeps tokens, addresses and contacts that are behind an object out of `console.log` and `util.inspect`. */

/** Shows the instances of a class by its name only, whatever is behind them. */
export const hideMembers = (Class: { readonly name: string; readonly prototype: object }): void => {
  Object.defineProperty(Class.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value: () => `${Class.name} {}`,
  })
}
