/** The two copies of the package as they are published: the one for `import`, and the one for `require`. */
import { createRequire } from "node:module"

import type * as Package from "../src/index.ts"

const load = createRequire(import.meta.url)

// safe: the build of these sources
export const forImport = load("../dist/index.js") as typeof Package
// safe: the build of these sources
export const forRequire = load("../dist/index.cjs") as typeof Package
