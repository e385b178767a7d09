/** Runs examples, one after the other, in a process of their own: given a file, it sends back what was printed. */
import { format } from "node:util"

let printed: Array<string> = []
// what an example prints is compared, not shown
console.log = (...values: ReadonlyArray<unknown>) => {
  printed.push(...format(...values).split("\n"))
}

process.on("message", (url: string) => {
  printed = []
  import(url).then(
    () => process.send?.({ printed }),
    (error: unknown) => process.send?.({ printed, error: format(error) }),
  )
})
process.send?.("ready")
