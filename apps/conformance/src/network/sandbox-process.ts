/**
 * A sandbox in a separate process, run by `Child` with the options of the sandbox. It stores contacts in the file `data`,
 * so that they can be counted after it was killed. Sends its port.
 */
import type { SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

import { input } from "./Child.ts"

const sandbox = await Sandbox.start(input<SandboxOptions>())
process.on("disconnect", () => process.exit())
process.send?.(Number(new URL(sandbox.origin).port))
