/** Calls the admin API of the page's own origin. */

/** The path of the admin API. */
export const ROOT = "/_sandbox"
/** The most requests and contacts that are shown at once. */
export const SHOWN = 300

/** Sends a request to the admin API; resolves with its JSON, rejects with its message. */
export const call = async <A>(path: string, method = "GET", body?: unknown): Promise<A> => {
  const response = await fetch(ROOT + path, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  })
  const json: unknown = await response.json()
  if (!response.ok) {
    const hasMessage = typeof json === "object" && json !== null && "message" in json
    throw new Error(hasMessage ? String(json.message) : `status ${response.status}`)
  }
  // safe: the admin API has the same version, and its tests hold it to these types
  return json as A
}
