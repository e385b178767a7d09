/** Reads the body of a response up to a limit, from any client. */
import * as Effect from "effect/Effect"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

import type { HeaderRecord } from "../errors/RateLimitHeaders.ts"

/**
 * The most bytes of a body that are read, after decoding.
 *
 * **Example**
 *
 * ```ts
 * import { maxBodyBytes } from "@aelyst/core/transport"
 *
 * console.log(maxBodyBytes) // => 65536
 * ```
 */
export const maxBodyBytes = 65_536

/** Returns whether the declared length of a body is within the limit. */
export const isSmall = (headers: HeaderRecord): boolean => {
  const { "content-encoding": encoding = "identity", "content-length": length = "" } = headers
  return encoding === "identity" && /^\d{1,15}$/.test(length) && Number(length) <= maxBodyBytes
}

/** Collects the bytes of a body; fails if there are more than the limit. */
const collect = Effect.fnUntraced(function* <E>(body: Stream.Stream<Uint8Array, E>) {
  const chunks: Array<Uint8Array> = []
  let size = 0
  yield* Stream.runForEach(body, (chunk) => {
    size += chunk.byteLength
    if (size > maxBodyBytes) return Effect.fail("SIZE" as const)
    chunks.push(chunk)
    return Effect.void
  })
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
})

/** Reads a body up to the limit. If it is still compressed with gzip, which was not asked for, it is decompressed. */
export const readCapped = Effect.fnUntraced(function* (response: HttpClientResponse) {
  let bytes = yield* collect(response.stream)
  // no JSON begins with the first two bytes of gzip
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    const compressed = new Blob([bytes]).stream()
    const plain = Stream.fromReadableStream({
      evaluate: () => compressed.pipeThrough(new DecompressionStream("gzip")),
      onError: () => "ENCODING",
    })
    bytes = yield* collect(plain)
  }
  return new TextDecoder().decode(bytes)
})
