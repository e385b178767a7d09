/** The state of a pacer as a store keeps it: JSON, with a version. */

/**
 * The memory of a pacer, in the form that a store keeps: versioned JSON, without a clock, so that processes can share
 * it. Times in milliseconds; those that a pacer has not seen yet are very early.
 */
export interface PacerState {
  readonly version: 6
  /** The newest time seen; an earlier one is read as this one. */
  readonly nowMs: number
  readonly nextId: number
  readonly limit: number
  /** The source of `limit`: assumed or grown, counted up to the first 429, or named by the server. */
  readonly limitSource: "prior" | "rateLimit" | "server"
  /** When the request was sent whose response gave the limit: responses to older requests do not overrule it. */
  readonly limitSentAt: number
  /** How much of `limit` a window has really taken; beyond it requests go with care. */
  readonly provenLimit: number
  readonly windowMs: number
  /** The window has proved itself: sends are forgotten when it says so. */
  readonly trusted: boolean
  /** How many sends the server forgot when predicted, since trust was lost. */
  readonly confirmedSends: number
  /** A longer window that one 429 hints at; a second one makes it the window. */
  readonly suspectedWindowMs: number | null
  /** The window was trusted once: sends that are counted for longer belong to another client. */
  readonly windowKnown: boolean
  /** The server has been seen to forget a whole window at once, not send by send. */
  readonly fixedWindow: boolean
  /** The server forgets send by send, evenly: it refills a bucket. */
  readonly refill: {
    /** One each `intervalMs` from `sinceMs` on. */
    readonly intervalMs: number
    readonly sinceMs: number
    /** How many 429s came anyway. */
    readonly rateLimited: number
  } | null
  /** A response whose count is compared with those of later ones, to see whether a bucket refills. */
  readonly anchor: {
    readonly sentAt: number
    readonly seenMs: number
    /** The most that the server can have had left then, fractions included. */
    readonly level: number
    /** How many requests it has accepted that were sent since. */
    readonly count: number
  } | null
  /** Whether a window can explain what the server forgets. */
  readonly refuted: {
    /** The greatest age of a send that was counted still. */
    readonly countedMs: number
    /** How often in a row a younger one was forgotten, and not all at once. */
    readonly times: number
  }
  /** The search for a shorter window by a request that is held back. */
  readonly held: {
    /** The request in flight that was held back. */
    readonly id: number | null
    /** The window that it looks for. */
    readonly ageMs: number
    /** Sends of this age were seen to be counted still. */
    readonly countedMs: number
    /** Sends of this age were seen to be forgotten, `seen` times in a row: enough of them make it the window. */
    readonly shorterMs: number | null
    readonly seen: number
    /** The window before the last look, until the shorter one has proved itself. */
    readonly longerMs: number | null
    /** The next look forgets what was seen before. */
    readonly doubts: boolean
    /** When to look next; null until the server has named its limit. */
    readonly nextAt: number | null
    /** How many windows pass between two looks; doubles when nothing was found. 0 before the first look, a short one. */
    readonly patience: number
  }
  /**
   * The sends that the server counts, as far as known: own ones with a response, and those of other clients. In order of
   * `at`; sends that are treated alike make one run.
   */
  readonly log: ReadonlyArray<{
    /** The latest time by which the server had counted them. */
    readonly at: number
    /** The start of their window, at the latest: the server forgets them one window after this. */
    readonly windowStart: number
    /** When the first of them was sent; `Number.MIN_SAFE_INTEGER` if it was not sent by this pacer. */
    readonly sentAt: number
    readonly count: number
  }>
  /** The requests that went out and have no response yet, in order of `sentAt`. */
  readonly inFlight: ReadonlyArray<{
    readonly id: number
    readonly sentAt: number
    /** Another response proved that the server had counted it by then. */
    readonly countedBy?: number
    /** The count of the anchor when it went out. */
    readonly counted: number
    /** It took so long that it was logged; its response does not add it again. */
    readonly logged?: true
  }>
  /** How many sends responses took from the log that overtook those to requests sent no later than `sentAt`. */
  readonly dropped: ReadonlyArray<{ readonly sentAt: number; readonly count: number }>
  /** The request sent alone to see whether the window has turned, or whether the gate may open. */
  readonly scoutId: number | null
  /** The shortest of the last round trips, and by how much others exceed it. */
  readonly roundTrip: {
    readonly minMs: number
    /** The minimum of the samples before the last renewal. */
    readonly previousMinMs: number
    readonly samples: number
    /** A running average. */
    readonly excessMs: number
  }
  /** The safety margin, added to every window after a send came too early. */
  readonly marginMs: number
  /** Doubts about the headers. */
  readonly doubt: {
    /** How often it was the whole limit since it was last 0: more than once if it does not count its own request. */
    readonly unused: number
    /** How often in a row it was 0 with no send of this pacer to explain it: `patience` times, and it says nothing. */
    readonly zeros: number
    readonly patience: number
    /** A higher limit, and how many responses in a row have named it: enough of them make it the limit. */
    readonly higherLimit: { readonly limit: number; readonly named: number } | null
  }
  /** Other clients with the same token. */
  readonly others: {
    /** When the server last counted them; null if it never did. */
    readonly seenAt: number | null
    /** How many requests this pacer sends in a window meanwhile; null if no other client is there. */
    readonly perWindow: number | null
    /** The smallest `Remaining` since `sinceMs`. */
    readonly leastRemaining: number
    readonly sinceMs: number
  }
  /** A closed gate: nothing passes before `untilMs`, then one scout. */
  readonly gate: { readonly untilMs: number } | null
  /** 429s in a row. */
  readonly rateLimits: number
  /** There has been a response. */
  readonly hasResponse: boolean
  /** How a limit grows that the server does not name: whether this window was used up, and how many were before it. */
  readonly growth: {
    readonly windowStartMs: number
    readonly full: boolean
    readonly cleanWindows: number
    readonly patience: number
  }
  /** The requests accepted since the last 429. */
  readonly sinceRateLimit: { readonly startMs: number; readonly count: number } | null
  /** The processes that take permits of a shared limit: whether they wait, and how many more each has had than another. */
  readonly rotation: ReadonlyArray<{
    readonly process: string
    readonly had: number
    readonly waits: boolean
    /** Since when others skip it: null unless they did since it last took one. */
    readonly missedAt: number | null
  }>
  /** Own sends, for the ceiling and for shares. */
  readonly ceilingLog: PacerState["log"]
  /** Another limit that holds at the same time, for a longer window. */
  readonly otherLimit: {
    /** The accepted requests, in runs: how many at which time. */
    readonly log: PacerState["log"]
    /** At most `count` in any `spanMs`; null if no such limit is known. */
    readonly limit: {
      readonly count: number
      readonly spanMs: number
      /** When to try whether it still holds. */
      readonly tryAt: number
    } | null
  }
  /** When the last response came. */
  readonly observedAt: number | null
}
