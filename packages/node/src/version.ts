/** The version of this package, as the `User-Agent` names it. */
export const version = "0.0.0"
