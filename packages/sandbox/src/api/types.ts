/**
 * The public types of everything that a sandbox records: contacts, requests, counts and events.
 * Times are milliseconds since the epoch on the sandbox's clock; durations are milliseconds.
 */
import type { Issue, WireContact } from "@aelyst/core/types"

import type { FaultDelivery } from "../types.ts"

/** A contact in the sandbox. */
export interface SandboxContact extends WireContact {
  readonly id: string
  readonly identifier: string
  readonly key: string
  /** `processing` until `readyAt` (W10). */
  readonly phase: "processing" | "ready"
  readonly createdAt: number
  readonly readyAt: number
  /** How many creates were merged into it. */
  readonly merges: number
}

/** A broken rule: its path, the rule, and how to fix it; never the value. */
export type RequestIssue = Issue

/** A request that the sandbox received. */
export interface SandboxRequest {
  readonly seq: number
  readonly at: number
  readonly method: string
  readonly path: string
  /** As written in the path; absent if the path has none. */
  readonly identifier?: string
  readonly key?: string
  /** The name of a seeded or extra token; `none` or `unknown` for all others, which are never kept. */
  readonly token: string
  /** 1 for the first request with this key. */
  readonly attempt?: number
  /** Without `authorization`. */
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  /** The first 8,192 characters. */
  readonly body: string
  /** The name of the fault that hit it. */
  readonly fault?: string
  readonly issues?: ReadonlyArray<RequestIssue>
  readonly result?: "created" | "merged" | "duplicated" | "existed"
  /** `waiting` for its response, `responded`, `cut` by a fault, or `gone` if the client left first. */
  readonly phase: "waiting" | "responded" | "cut" | "gone"
  /** Absent until a response has been sent. */
  readonly status?: number
  /** How long it took until the response or the end. */
  readonly ms?: number
  readonly limit?: number
  readonly remaining?: number
  readonly retryAfter?: string
  /** The body of the response, its first 8,192 characters. */
  readonly response?: string
  /** The headers of the response, without those that every response of the sandbox carries. */
  readonly responseHeaders?: { readonly [name: string]: string }
  /** How a fault delivers the response (`raw`: other bytes are sent); absent if it is sent in one piece. */
  readonly delivery?: FaultDelivery | "raw"
}

/** The counts of one key, independent of the responses that clients got: the source of truth for a test. */
export interface LedgerEntry {
  readonly key: string
  /** Complete requests received. */
  readonly posts: number
  /** Contacts created. */
  readonly created: number
  readonly merged: number
  /** How often each status was decided; 0 counts cut connections. */
  readonly statuses: { readonly [status: number]: number }
  readonly firstAt: number
  readonly lastAt: number
}

/** One request as a point in a rate plot. */
export interface TimelinePoint {
  readonly at: number
  readonly status: number
  readonly ms: number
  readonly limit?: number
  readonly remaining?: number
}

/** An event for listeners. */
export type SandboxEvent =
  | { readonly type: "request"; readonly request: SandboxRequest }
  | { readonly type: "response"; readonly request: SandboxRequest }
  | { readonly type: "contact"; readonly contact: Pick<SandboxContact, "identifier" | "key"> }
  | {
      readonly type: "change"
      readonly what: "reset" | "faults" | "settings" | "clock" | "removed"
    }
