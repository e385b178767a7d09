/** Compiles a folder of examples with the settings of a strict project. */
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

const config = {
  extends: "../../../../tsconfig.base.json",
  compilerOptions: {
    composite: false,
    declarationMap: false,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    noUnusedLocals: false,
    noUnusedParameters: true,
    noPropertyAccessFromIndexSignature: false,
    types: ["node"],
    lib: ["es2023", "dom"],
  },
  include: ["*.ts"],
}

/** Compiles the TypeScript in a folder of `.blocks`; returns the errors, or "" if there are none. */
export const compile = (folder: string, options: object = {}): Promise<string> => {
  const compilerOptions = { ...config.compilerOptions, ...options }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, compilerOptions }))
  return run("tsc", ["-p", folder, "--pretty", "false"]).then(
    () => "",
    (error: { readonly stdout: string; readonly message: string }) => error.stdout || error.message,
  )
}
