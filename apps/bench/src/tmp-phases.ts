import { check, map, read } from "@aelyst/import"
import { Effect, Stream } from "effect"
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6 }
let t = cpu()
const lap = (n: string) => { const c = cpu(); console.log(n, (c - t).toFixed(2), Math.round(process.memoryUsage().rss/1e6)+"MB"); t = c }
console.log("load", t.toFixed(2), Math.round(process.memoryUsage().rss/1e6)+"MB")
await Effect.runPromise(Effect.scoped(Effect.gen(function*(){
  const table = yield* read(process.argv[2] ?? "")
  lap("open")
  yield* Stream.runDrain(table.rows); lap("read only")
  const { mapping } = yield* Effect.fromResult(map(table.head)); lap("map")
  const checked = yield* check(table.rows, mapping, { defaultCountry: "MY" }); lap("prepare")
  yield* Stream.runDrain(checked.rows); lap("read + check")
  const again = yield* check(table.rows, mapping, { defaultCountry: "MY" })
  yield* Stream.runDrain(again.rows); lap("read + check again")
  console.log(yield* checked.summary)
})))
