/** Several processes that create contacts at a time, and what can happen to one of them. */
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { once } from "node:events"

import type { Ended, Message, WorkerInput } from "./Worker.ts"

/** Something that a process has reported. */
export interface Note {
  readonly process: number
  readonly at: number
  readonly text: string
}

/** How the processes are started. */
export interface FleetOptions {
  /** The module that they run. */
  readonly module: URL
  /** The input of each. */
  readonly inputs: ReadonlyArray<WorkerInput>
  /** How far the clock of each is off, such as `+1h`, by faketime. */
  readonly clocks?: ReadonlyArray<string | undefined>
}

class Member {
  readonly #child: ChildProcess
  readonly ready: Promise<unknown>
  readonly ended: Promise<Ended | undefined>

  constructor(
    module: URL,
    given: WorkerInput,
    clock: string | undefined,
    onNote: (note: Note) => void,
  ) {
    const args = [JSON.stringify(given)]
    this.#child =
      clock === undefined
        ? fork(module, args)
        : fork(module, args, {
            execPath: "faketime",
            execArgv: ["-f", clock, process.execPath],
            // only the time of day is off
            env: { ...process.env, FAKETIME_DONT_FAKE_MONOTONIC: "1" },
          })
    const messages = (kind: Message["kind"]): Promise<Message | undefined> =>
      new Promise((resolve) => {
        this.#child.on("message", (message: Message) => {
          if (message.kind === kind) resolve(message)
        })
        void once(this.#child, "exit").then(() => resolve(undefined))
      })
    this.ready = messages("ready")
    this.ended = messages("ended").then((message) =>
      message?.kind === "ended" ? message : undefined,
    )
    this.#child.on("message", (message: Message) => {
      if (message.kind === "noted") onNote({ process: given.process, ...message })
    })
  }

  go(): void {
    this.#child.send("go")
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** The running processes. */
export class Fleet implements Disposable {
  readonly #members: ReadonlyArray<Member>
  readonly notes: Array<Note> = []

  constructor({ clocks = [], inputs, module }: FleetOptions) {
    this.#members = inputs.map(
      (given, index) => new Member(module, given, clocks[index], (note) => this.notes.push(note)),
    )
  }

  /** Waits until all are ready to send. */
  get ready(): Promise<unknown> {
    return Promise.all(this.#members.map(({ ready }) => ready))
  }

  /** Lets those of these numbers begin, or all. */
  go(...numbers: ReadonlyArray<number>): void {
    for (const [index, member] of this.#members.entries()) {
      if (numbers.length === 0 || numbers.includes(index)) member.go()
    }
  }

  /** Kills, freezes or thaws one. */
  signal(number: number, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#members[number]?.signal(signal)
  }

  /** Waits until all have ended: how, or undefined for one that was killed. */
  get ended(): Promise<ReadonlyArray<Ended | undefined>> {
    return Promise.all(this.#members.map(({ ended }) => ended))
  }

  [Symbol.dispose](): void {
    for (const member of this.#members) member.signal("SIGKILL")
  }
}
