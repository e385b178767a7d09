/**
 * Every constant that the pacer is tuned by, with its unit and the reason for its value. The figures that they are
 * tuned to are in the pacing tests of `apps/conformance`. Times in milliseconds.
 */

// Before the first response

/** The limit that is assumed when nothing is known, in requests per window: the vendor's examples show 10 (W8). */
export const defaultLimit = 10
/** The window that goes with it: no window is documented (D4), and one second is the shortest in common use. */
export const defaultWindowMs = 1000
/**
 * The longest window that is assumed before there is evidence: an assumption that is too short costs one 429, one
 * that is too long would never be found out.
 */
export const longestAssumedWindowMs = 1000
/** How many callers may wait, in callers: an import of any usual size fits, and memory stays below 10 MB. */
export const defaultMaxQueue = 10_000

// Requests in flight

/** A response this late was slow in the making: the request itself is taken to have arrived. */
export const slowResponseMs = 2000
/** A request without a response for this long belongs to a process that is gone; no client waits for longer. */
export const lostRequestMs = 300_000

/** How many changes of a shared state the requests of one are for: a response is a change, too, and not every one succeeds. */
export const changesAhead = 2

/** How many requests of a shared limit one process takes at a time, at most: they are out of reach of the others. */
export const largestLot = 64
/** How many processes the turns of a shared limit remember at most; one that waits and was left out joins again. */
export const mostMembers = 256
/** How long a process is skipped before it is dropped, in milliseconds: one that lives looks at least once a second. */
export const mostSkippedMs = 2_000
/** How many other processes one waits for that come first: each gets the time of a change of the state. */
export const mostWaitedFor = 100
/** How much more rarely a process looks at a shared state in a long wait, or while it knows when its request is due. */
export const longRechecks = 4
/** How much more often it looks while a response is late that all wait for. */
export const lateRechecks = 8
/** How many processes ahead of one make it look so much later then: the next permits are theirs. */
export const lateAtATime = 4

// Trust in the window

/** How many windows must turn as predicted: one and a half, since one boundary can fall well by chance. */
export const windowsToTrust = 1.5
/** After how many windows without a surprise the safety margin is halved: rarely, since a miss costs a whole wait. */
export const windowsToHalveMargin = 64
/** The first safety margin after a request came too early: about the timer's own error. Doubles with each miss. */
export const leastMarginMs = 4
/** The largest safety margin, as a share of the window: beyond it the window itself is wrong, not its boundary. */
export const largestMarginShare = 0.25
/** The longest window that is believed: `Retry-After` can name any number. */
export const longestWindowMs = 3_600_000
/** How far two responses may differ in their way back when a window is read from them, at most. */
export const windowSlackMs = 50

// The burst at the start of a window

/** Which share of a fixed window goes ahead of the rest: its responses show a lowered limit before it is exceeded. */
export const openingBurstShare = 0.25
/** How many are sent beyond the proven limit, as a share of those accepted beyond it: growth by half cannot flood. */
export const growthBurstShare = 0.5

// A request held back to look for a shorter window

/** How long after the first response the first look can begin, in windows: the second window, once one has turned. */
export const firstHoldDelay = 0.6
/**
 * How long after the first request of the second window its last one is sent, as a share of the time that one request takes at
 * `Limit` per window: a bucket that refills faster shows itself by then, and a run ends later by no more than this.
 */
export const firstHoldShare = 0.6
/** The same at most. */
export const firstHoldMs = 120
/**
 * How many requests of the first window are held back one after the other, each until twice the age of the one before:
 * enough to tell windows from a thirtieth of the expected one up, for a few places of one window.
 */
export const firstLooks = 5
/** The same once a shorter window was seen: they divide what is left. */
export const nextLooks = 3
/** How many windows pass before a shorter one is looked for, in windows: the look costs half a window at most. */
export const windowsBeforeHolding = 6
/** The same after a 429 has shown a window: nearly all are whole seconds, and a look can cost a slot of ten windows. */
export const windowsAfterRateLimit = 16
/** By which factor more windows pass after each look that cost a 429, with a limit of 1: a run has few of them. */
export const missFactor = 6
/** By which factor such a window is shortened once a look has cost a 429: one that succeeds costs nothing. */
export const lookStep = 1.25
/** The same if limit and window are those of the prior, in windows: then there is little reason to doubt. */
export const patienceOfAgreement = 64
/** With fewer windows to come, no look is made that costs one of them, in windows: else it costs a twentieth at most. */
export const leastWindowsToLook = 20
/** How far apart sends may be to be looked at together, as a share of the window that is looked for. */
export const largestHoldSpread = 0.5
/** The largest number of windows between two looks: nothing is believed for ever. */
export const largestHoldPatience = 64
/**
 * By which factor a window must be shorter to be worth a look: one that is nearly as long must be seen so many times that
 * the looks cost more.
 */
export const leastShorterFactor = 1.12
/** By which factor a send must be counted for longer than the window to show that the window is longer. */
export const leastLongerFactor = 1.04

// Headers that say something odd

/** How often `Remaining` must be the whole limit, in responses: once may be a blip. */
export const wholesToOffset = 2
/** A limit of which more is used than this many times the other is another limit, which holds at the same time. */
export const otherLimitFactor = 2
/** How often in a row an unexplained `Remaining` of 0 is believed, in responses: then a 429 must confirm it. */
export const zerosToDoubt = 8
/** The same at most, after a doubling for each 429 that confirmed it. */
export const largestZerosToDoubt = 4096

// Another limit at the same time

/** How many windows of the known limit are remembered: the other one's may be so many times longer. */
export const otherLimitRuns = 64
/** After how many of its windows the other limit is tried again: that costs a 429. */
export const otherLimitWindows = 4
/** By which factor its window can be longer than it was read: the first requests came late in a window that follows the clock. */
export const longerSpanFactor = 1.25
/** From how many windows at full rate on a burst begins with few requests: shorter runs must not end later. */
export const windowsOfLongRun = 10
/** Which share of the limit was used in them, at least. */
export const fullShare = 0.75
/** How many begin it then, as a share of the limit; each response lets one more follow. */
export const leastInFlightShare = 1 / 16
/** The same, so that a burst goes within this share of the window at most. */
export const burstSpan = 1 / 8

// A limit that the server does not name

/** By how much the limit is multiplied after a clean full window: as fast as TCP's slow start. */
export const growthFactor = 2
/** The largest limit that growth reaches, in requests per window: beyond it nothing is gained. */
export const largestGrownLimit = 1_000_000
/** So many windows after a 429 at most, the next one means that the limit is lower than the count at the first. */
export const repeatedWindows = 5
/** Which share of the limit is left then, at least: waits make what was accepted look slower than it could be. */
export const leastLimitShare = 0.75
/** How many clean full windows come before a limit set by a 429 is tried again, at first: a 429 a minute or less. */
export const initialPatience = 64
/** The same if windows had taken more before: one stray 429 must not set the limit for more than ten windows. */
export const strayPatience = 8
/** A 429 after less than this share of an earlier full window is stray. */
export const fewShare = 0.8
/** The same at most, after a doubling for each attempt that failed. */
export const largestPatience = 4096

// After a 429

/** The shortest wait, for a `Retry-After` of 0: a client must not spin. */
export const shortestWaitMs = 100
/** The first wait without `Retry-After` (D8); doubles with each 429 in a row. */
export const firstBlindWaitMs = 1000
/** The longest wait without `Retry-After`: a server that recovers is noticed within a minute. */
export const longestBlindWaitMs = 60_000
/** Added to a wait by chance, as a share of it, so that clients do not meet at its end. */
export const jitterShare = 0.1
/** The same at most: enough to spread clients, little against whole seconds. */
export const largestJitterMs = 250
/** Which part of the jitter is enough when no other client has been seen. */
export const lonelyJitterShare = 0.25

// Kinds of limiters

/** How many 429s in a row of attempts disprove a refill, in 429s: its pace can be off by a little a few times. */
export const rateLimitsToDropRefill = 4
/** After so many requests at its pace since the last 429, as a share of the limit, a refill is not doubted any more. */
export const refillProvenShare = 0.25
/** A fixed window has turned if so much of the limit, as a share, was forgotten early, and as little is in use. */
export const turnedShare = 0.25
/** A refill shows itself while more than this share of the limit is in use: else it may be a window that turned. */
export const refillUsedShare = 0.5
/** The share of the due sends that a server must still count to be refilling rather than turning. */
export const refillOverdueShare = 0.5
/** A send that is forgotten sooner than this was refilled: shorter windows are not looked for. */
export const shortestWindowMs = 180
/** How often a server must forget as no window does: once, a window may have turned in the middle of a burst. */
export const timesToRefute = 2
/** How much must have been let in to tell a pace, in requests: divides nothing by zero. */
export const leastRefillCount = 0.5

// Round trips

/** How many samples the running average of the excess spans: long enough to be steady, short enough to follow. */
export const excessSamples = 16
/** After how many samples the minimum is renewed, in samples: a route can change. */
export const minimumSamples = 128
/** The same for large limits, in windows full of samples: responses to one burst come quickest first. */
export const minimumWindows = 4
/** The largest share of the average excess that a round trip may still be shorter by; for few samples. */
export const largestSpread = 1
/** The same for many samples. */
export const leastSpread = 0.25
/** In between, this by the square root of the number of samples, as the error of an average falls. */
export const spreadFactor = 3
/** The round trip that is assumed before the first: few servers answer a create sooner. */
export const assumedRoundTripMs = 50
/** How much timers and rounding can take from a round trip. */
export const roundTripMarginMs = 1
/** The share of the minimum that the next may be shorter by, divided by the number of samples. */
export const fewSamplesShare = 0.2

/** How much later than another a request can leave and still arrive before it, as a share of the average excess. */
export const reorderShare = 0.5

// Other clients with the same token

/** The first share of a pacer that meets others, as a share of the limit: three or four that begin together fit. */
export const firstShare = 0.3
/** The smallest share, as a share of the limit: a pacer must see what remains. */
export const leastShare = 0.05
/** So much of the limit, as a share, must have remained through a window to take more. */
export const spareShare = 0.05
/** By which part of the smallest `Remaining` the share grows in a window: up to six clients may see it and take as much. */
export const shareGrowth = 0.15
/** By which factor the share shrinks in a window in which nothing remained: a larger share gives up more, until all are equal. */
export const shareCut = 0.95
/** How many windows without a trace of others end the sharing: in a fixed window, one may hide them. */
export const windowsToBeAlone = 2
/** How much more than a window lies between two sends of one slot, in milliseconds: the jitter of a usual round trip. */
export const shareMarginMs = 15
/** At most this share of the own sends of a window goes out within `spreadSpan`, so that the last ones see its end. */
export const spreadShare = 0.6
/** The same in windows. */
export const spreadSpan = 0.4

// Bounds of memory

/** Up to this limit each send has a separate run in the log, in requests: the log is short anyway. */
export const exactLogLimit = 64
/** Into how many cells the log divides a window of a larger limit: 0.2 % of a window is lost at most. */
export const logCells = 512
/** How many drops from the log are kept apart, in entries. */
export const largestDropCount = 64
