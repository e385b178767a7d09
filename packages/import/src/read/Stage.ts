/** Turns a parser with state into a step of a stream. Each run of the stream has a new parser. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

import type { ReadError } from "./ReadError.ts"

/**
 * A parser that is fed piece by piece. It adds what is complete to `out`, and returns why the file cannot be read if that is so;
 * it is not fed again then.
 */
export interface Stage<A, B> {
  readonly push: (piece: A, out: B[]) => ReadError | undefined
  readonly end?: (out: B[]) => ReadError | undefined
}

type Output<B> = Pull.Pull<readonly [B, ...B[]], ReadError>

const isNonEmpty = <A>(values: readonly A[]): values is readonly [A, ...A[]] => values.length > 0

/** Runs a stream through a parser. What is complete before an error is emitted first. */
export const through =
  <A, B>(make: () => Stage<A, B>) =>
  <R>(self: Stream.Stream<A, ReadError, R>): Stream.Stream<B, ReadError, R> =>
    Stream.transformPull(self, (upstream) =>
      Effect.sync(() => {
        const stage = make()
        let failure: ReadError | undefined
        let isEnded = false

        const deliver = (out: readonly B[]): Output<B> =>
          isNonEmpty(out) ? Effect.succeed(out) : pull

        const pushAll = (pieces: readonly A[]): Output<B> => {
          const out: B[] = []
          for (const piece of pieces) {
            failure = stage.push(piece, out)
            if (failure !== undefined) break
          }
          return deliver(out)
        }

        const end = (): Output<B> => {
          const out: B[] = []
          isEnded = true
          failure = stage.end?.(out)
          return deliver(out)
        }

        const pull: Output<B> = Effect.suspend(() => {
          if (failure !== undefined) return Effect.fail(failure)
          if (isEnded) return Cause.done()
          return Pull.matchEffect(upstream, {
            onSuccess: pushAll,
            onFailure: Effect.failCause,
            onDone: end,
          })
        })
        return pull
      }),
    )
