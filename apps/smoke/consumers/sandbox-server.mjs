// Serves the other consumers; stops when its standard input ends.
import { Sandbox } from "@aelyst/sandbox"

const sandbox = await Sandbox.start({ limit: 1_000 })
console.log(JSON.stringify({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok }))
process.stdin.resume().once("end", () => sandbox.close())
