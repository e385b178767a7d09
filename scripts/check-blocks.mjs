// Runs the blocks of the READMEs and guides under every other Node.js version that is promised; `npm test` runs them under
// this one. Needs curl.
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { nodeFolder, versions } from "../apps/smoke/nodes.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const suites = [
  ["../../vitest.package.config.ts", "test/Readme.test.ts", "test/Guides.test.ts"],
  ["../../vitest.system.config.ts", "test/system/Readme.test.ts"],
]
for (const version of versions.filter((one) => one !== process.versions.node)) {
  for (const [config, ...files] of suites) {
    const done = spawnSync(
      process.execPath,
      [
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        ...files,
        `--config=${config}`,
        "--testNamePattern=U3:",
        "--reporter=default",
        // as many as there are files
        "--maxWorkers=2",
      ],
      {
        cwd: join(root, "apps/docs-test"),
        env: { ...process.env, AELYST_BLOCKS_NODE: join(nodeFolder(version), "node") },
        encoding: "utf8",
      },
    )
    const output = `${done.stdout}${done.stderr}`
    if (done.status !== 0) {
      console.error(`Node ${version}, ${files.join(" ")}\n${output}`)
      process.exit(1)
    }
    console.log(
      `Node ${version}, ${files.join(" ")}: ${/Tests .*/.exec(output)?.[0] ?? "no tests"}`,
    )
  }
}
