import { redis } from "../../src/shared/TestedStores.ts"
import { testVariants } from "../shared-limit.ts"

testVariants(redis)
