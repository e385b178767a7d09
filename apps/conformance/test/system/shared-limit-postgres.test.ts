import { postgres } from "../../src/shared/TestedStores.ts"
import { testSharedLimit } from "../shared-limit.ts"

testSharedLimit(postgres)
