/** Outboxes that break one rule on purpose: a judge that does not find them bad judges nothing. */
import type { OutboxStore } from "@aelyst/outbox"
import type { PostgresQuery } from "@aelyst/outbox/postgres"
import { setTimeout as sleep } from "node:timers/promises"

/** Names the rule that is broken. */
export type Control = "intent after the request"

/** Opens a store that breaks the rule; the right one without a name. */
export const controlled = (
  control: Control | undefined,
  open: (query: PostgresQuery) => OutboxStore,
  query: PostgresQuery,
): OutboxStore => {
  switch (control) {
    case undefined:
      return open(query)
    case "intent after the request":
      return open(async (text, values) => {
        if (!text.includes("attempts = attempts + 1")) return query(text, values)
        void sleep(400).then(() => query(text, values).catch(() => {}))
        // safe: the first value lists the rows, as their ids and epochs
        return JSON.parse(String(values?.[0])) as ReadonlyArray<object>
      })
  }
}
