/**
 * The loop of a process that creates contacts, as one of several: it gets ready, waits for the word, works, and reports.
 * Contact number n of process p has the identifier `id:<p>-<n>`.
 */

/** The contacts to create at one API. */
export interface Task {
  readonly baseUrl: string
  readonly total: number
  /** How many calls wait at a time. */
  readonly concurrency: number
}

/** The input of every process. */
export interface WorkerInput {
  /** Its number, from 0. */
  readonly process: number
  readonly tasks: ReadonlyArray<Task>
}

/** How the calls of a process ended. */
export interface Ended {
  readonly created: number
  /** How the others failed: names of errors. */
  readonly failed: ReadonlyArray<string>
  /** How often the store was asked. */
  readonly roundTrips: number
}

/** The messages of a process, in order. Times are milliseconds since 1970. */
export type Message =
  | { readonly kind: "ready" }
  | { readonly kind: "noted"; readonly at: number; readonly text: string }
  | ({ readonly kind: "ended" } & Ended)

/** A client of one API. */
export interface WorkerClient {
  readonly create: (identifier: `id:${string}`) => Promise<unknown>
  readonly close: () => Promise<unknown>
}

/** The clients of a process. */
export interface Tools {
  readonly open: (task: Task) => WorkerClient
  readonly roundTrips: () => number
  readonly close: () => Promise<unknown>
}

const send = (message: Message) => process.send?.(message)

/** Reports something that happened now. */
export const note = (text: string): void => {
  send({ kind: "noted", at: performance.timeOrigin + performance.now(), text })
}

/** Returns what the process was told. */
export const input = <A extends WorkerInput>(): A => {
  const [, , text = ""] = process.argv
  // safe: `Fleet` passes it
  return JSON.parse(text) as A
}

/** Works: each task with a client, all at a time. */
export const work = async (
  { process: number, tasks }: WorkerInput,
  tools: Tools,
): Promise<void> => {
  process.on("disconnect", () => process.exit())
  const clients = tasks.map((task) => tools.open(task))
  send({ kind: "ready" })
  await new Promise((resolve) => process.once("message", resolve))
  let created = 0
  const failed: Array<string> = []
  await Promise.all(
    tasks.map(async ({ concurrency, total }, index) => {
      let next = 0
      const caller = async () => {
        while (next < total) {
          try {
            await clients[index]?.create(`id:${number}-${next++}`)
            created++
          } catch (error) {
            failed.push(error instanceof Error ? `${error.name}: ${error.message}` : "unknown")
          }
        }
      }
      await Promise.all(Array.from({ length: concurrency }, caller))
    }),
  )
  const roundTrips = tools.roundTrips()
  send({ kind: "ended", created, failed, roundTrips })
  await Promise.all(clients.map((client) => client.close()))
  await tools.close()
}
