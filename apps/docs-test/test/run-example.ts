/** Runs examples one after the other in a separate process: it receives a file and sends back the printed lines. */
import { format } from "node:util"

let printed: Array<string> = []
// the output is compared, not shown
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
