/** Builds the site into `dist/`. Nothing is fetched. */
import { execFile } from "node:child_process"
import { rmSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { assemble, root } from "./assemble.ts"
import { sections } from "./Sections.ts"

const app = fileURLToPath(new URL("..", import.meta.url))

/** The folder of the built site. */
export const dist: string = join(app, "dist")

/** Builds the site; rejects with the output of the build if it fails. */
export const build = async (): Promise<void> => {
  assemble(await sections(root))
  // pages of the cache are not rendered again if the configuration changes
  rmSync(join(app, ".astro"), { recursive: true, force: true })
  const manifest = createRequire(import.meta.url).resolve("astro/package.json")
  await promisify(execFile)(
    process.execPath,
    [join(dirname(manifest), "bin/astro.mjs"), "build", "--silent"],
    {
      cwd: app,
      env: {
        ...process.env,
        // those of a test would make a site without a search
        NODE_ENV: "production",
        MODE: "production",
        DEV: "",
        PROD: "1",
        NODE_OPTIONS: "",
        ASTRO_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
      },
    },
  )
}
