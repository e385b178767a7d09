import { parsePhone } from "@aelyst/core/phone"
import { Result } from "effect"

const number = Result.getOrThrow(parsePhone("012-345 6789", { defaultCountry: "MY" }))
if (number !== "+60123456789") throw new Error("read as another number")
