/** The promises of a handler, for an Express that does not wait for them. */

/** Runs the asynchronous part of a handler; what it throws goes to `next`, which Express 4 does not see to by itself. */
export const run = async (
  work: () => Promise<void>,
  next: (error: unknown) => void,
): Promise<void> => {
  try {
    await work()
  } catch (error) {
    next(error)
  }
}
