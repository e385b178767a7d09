/** The head of the response that an error came from. */

/** Status and headers of a response; headers by lower-case name. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

// beside the object: a server may echo the contact in a header, and no inspection of an error may show it
const responses = new WeakMap<object, ResponseHead>()

/** Keeps the head of the response for an object; `responseOf` reads it back. */
export const withResponse = <A extends object>(target: A, head: ResponseHead | undefined): A => {
  if (head !== undefined) responses.set(target, head)
  return target
}

/** Returns the head of the response that was kept for an object. */
export const responseOf = (target: object): ResponseHead | undefined => responses.get(target)
