// The programs of the system that the tests in test/system need. Prints the Debian packages of those that are missing;
// `.ci/run` installs them.
import { accessSync, constants, existsSync, globSync } from "node:fs"
import { delimiter, join } from "node:path"

const packages = [
  // pages: any of these browsers will do, or the one that CHROMIUM_PATH names
  {
    name: "chromium",
    programs: ["chromium", "chromium-browser", "google-chrome"],
    path: process.env.CHROMIUM_PATH,
  },
  // the letters on them
  { name: "fonts-dejavu-core", path: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf" },
  // the requests in the READMEs, and those that are copied to be pasted
  { name: "curl", programs: ["curl"] },
  // a pseudo-terminal
  { name: "bsdutils", programs: ["script"] },
  // certificates for servers of tests
  { name: "openssl", programs: ["openssl"] },
  // whom the command connects to, and what a journal does to the disk
  { name: "strace", programs: ["strace"] },
  // a disk that is full
  { name: "util-linux", programs: ["unshare"] },
  // the stores of a shared limit, a pool in front of one, and clocks that are off
  { name: "redis-server", programs: ["redis-server"] },
  { name: "postgresql", path: globSync("/usr/lib/postgresql/*/bin/initdb")[0] },
  { name: "pgbouncer", programs: ["pgbouncer"], path: "/usr/sbin/pgbouncer" },
  { name: "faketime", programs: ["faketime"] },
]

const runs = (file) => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
const folders = (process.env.PATH ?? "").split(delimiter)
const isThere = ({ programs = [], path }) =>
  (path !== undefined && existsSync(path)) ||
  programs.some((program) => folders.some((folder) => runs(join(folder, program))))

for (const one of packages) if (!isThere(one)) console.log(one.name)
