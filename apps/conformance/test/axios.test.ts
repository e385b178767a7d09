import { create as createAxios } from "axios"

import type { Ask } from "./foreign.ts"
import { testForeign } from "./foreign.ts"

const plainAxios = createAxios({ validateStatus: () => true, transformResponse: (text) => text })

const axios: Ask = async (url, token, body) => {
  const { data, headers, status } = await plainAxios.post<string>(url, body, {
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  })
  const named = ["content-type", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining"]
  const pairs = named.map((name) => [name, headers[name]?.toString()] as const)
  return { status, text: data, headers: Object.fromEntries(pairs) }
}

testForeign("axios", axios)
