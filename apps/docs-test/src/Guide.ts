/** The guides whose output is recorded, and the folder in which their commands run. */
import { writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Sandbox } from "@aelyst/sandbox"
import type { Workspace } from "./Session.ts"

/** The pages, from the root of the repository. */
export const guides = ["docs/import-a-csv.md"]

const bin = fileURLToPath(new URL("../bin", import.meta.url))

/** The file that the guide begins with. */
const leads = [
  "Record ID;Contact;Mobile;Email;Country/Region;Website",
  "101;Ana;012-345 6789;ana@example.com;Malaysia;example.com",
  "102;Bo;12-34;;MY;",
  "103;Cy;;cy@example.com;Malayisa;",
  "104;Di;;di@example.com;UK;https://example.org",
  "105;Di;;di@EXAMPLE.com;;",
  ";Total: 5 contacts;;;;",
  "",
].join("\n")

/** Prepares a folder for the commands of a guide, and returns it with their environment. */
export const workspaceOf = (folder: string, sandbox: Sandbox): Workspace => {
  writeFileSync(join(folder, "leads.csv"), leads)
  const { PATH } = process.env
  return {
    cwd: folder,
    env: {
      PATH: [bin, PATH].join(delimiter),
      HOME: folder,
      AELYST_STATE_DIR: join(folder, ".state"),
      AELYST_BASE_URL: sandbox.baseUrl,
      AELYST_TOKEN: sandbox.tokens.ok,
      NO_COLOR: "1",
    },
  }
}
