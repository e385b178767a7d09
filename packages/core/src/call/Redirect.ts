/**
 * Recognises that an `HttpClient` followed a redirect: the response is then to another request than the one that was sent,
 * and its 200 proves nothing.
 */
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import { toUrl } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import { toWeb } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"

const isUrlOf = (url: string, request: HttpClientRequest): boolean => {
  // mostly they are equal as they are; a transport that does not know the final URL reports ""
  if (url === request.url || url === "") return true
  return Option.exists(toUrl(request), ({ href }) => url === href.replace(/#.*/s, ""))
}

/** Returns whether the response is to another request than the one that was sent, because a redirect was followed. */
export const isFollowed = (response: HttpClientResponse, sent: HttpClientRequest): boolean =>
  // `HttpClient.followRedirects` puts the last request that it sent into the response
  response.request.method !== sent.method ||
  !isUrlOf(response.url, sent) ||
  // fetch may have come back to the same URL, with another method
  Option.exists(toWeb(response), ({ redirected }) => redirected)
