/**
 * A campaign of any size over an import of several workers, and its result as JSON. It needs PostgreSQL.
 *
 * `node apps/conformance/src/imports/main.ts --rows 100000 --kills 20 --freezes 2 --crash` is G9; `--rows 1000000 --limit 2000
 * --heap 64` is the largest, `--rows 5000 --limit 200 --deploy` a deploy. Exits with 1 if a rule was broken.
 */
import { parseArgs } from "node:util"

import { startPostgres } from "../shared/PostgresServer.ts"
import { campaign } from "./Campaign.ts"

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    workers: { type: "string", default: "3" },
    kills: { type: "string", default: "0" },
    freezes: { type: "string", default: "0" },
    lease: { type: "string", default: "30000" },
    every: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    limit: { type: "string" },
    heap: { type: "string" },
    crash: { type: "boolean", default: false },
    deploy: { type: "boolean", default: false },
  },
})
const optional = (text: string | undefined) => (text === undefined ? undefined : Number(text))

await using server = await startPostgres()
const { broken, counts, ...result } = await campaign({
  server,
  rows: Number(values.rows),
  workers: Number(values.workers),
  kills: Number(values.kills),
  freezes: Number(values.freezes),
  leaseMs: Number(values.lease),
  everyMs: Number(values.every),
  seed: Number(values.seed),
  crash: values.crash,
  deploy: values.deploy,
  existing: "reject",
  limit: optional(values.limit),
  heapMb: optional(values.heap),
})
console.log(JSON.stringify({ ...values, ...result, ...counts, broken: broken.slice(0, 20) }))
if (broken.length > 0) process.exitCode = 1
