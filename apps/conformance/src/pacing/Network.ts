/** How long requests and responses are on their way, in milliseconds. */

/** Draws the way there, or the way back, of one request. */
export type Way = (random: () => number) => number

/** A network: its name, its usual round trip and a draw for one way. */
export interface Network {
  readonly name: string
  readonly roundTripMs: number
  readonly way: Way
}

/** A round trip that varies evenly by a share of itself either way. */
export const steady = (roundTripMs: number, share: number): Network => ({
  name: `${roundTripMs} ms ± ${Math.round(share * 100)} %`,
  roundTripMs,
  way: (random) => (roundTripMs / 2) * (1 + share * (2 * random() - 1)),
})

/** A round trip with a long tail: one way in fifty takes many times as long (Pareto, at most 20 times). */
export const heavyTailed = (roundTripMs: number): Network => ({
  name: `${roundTripMs} ms, heavy tail`,
  roundTripMs,
  way: (random) => {
    const usual = (roundTripMs / 2) * (0.9 + 0.2 * random())
    return random() < 0.02 ? usual * Math.min(20, (1 - random()) ** -0.7 * 2) : usual
  },
})

/** A round trip whose logarithm varies normally, as many real ones do. */
export const lognormal = (roundTripMs: number, sigma = 0.25): Network => ({
  name: `${roundTripMs} ms, lognormal`,
  roundTripMs,
  way: (random) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return (roundTripMs / 2) * Math.exp(sigma * normal)
  },
})
