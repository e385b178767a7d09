/** Reads the body that a create would send. */
import { assert } from "@effect/vitest"

import { inside } from "./inside.ts"

/** Returns the body of `aelyst create` with these arguments. */
export const body = async (
  args: ReadonlyArray<string>,
  more: { readonly stdin?: string; readonly cwd?: string } = {},
): Promise<unknown> => {
  const { stdout, stderr } = await inside(["create", ...args, "--dry-run", "--json"], more)
  assert.notStrictEqual(stdout, "", stderr)
  const json: { readonly request: { readonly body: string } } = JSON.parse(stdout)
  return JSON.parse(json.request.body)
}
