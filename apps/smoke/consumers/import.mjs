import { importContacts } from "@aelyst/import"

const file = new TextEncoder().encode(
  "Email,First name\nfile-import@example.com,File\nnowhere,Bo\n",
)

// the second time nothing is sent
for (const requests of [1, 0]) {
  const run = importContacts(file, { journal: "runs" })
  const outcomes = []
  for await (const { outcome } of run) outcomes.push(outcome)
  const summary = await run.summary()
  if (outcomes.toSorted().join() !== "created,invalid") throw new Error(`ended ${outcomes.join()}`)
  if (summary.requests !== requests) throw new Error(`made ${summary.requests} requests`)
}
