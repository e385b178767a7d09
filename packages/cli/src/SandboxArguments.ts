/** Finds the arguments of `aelyst sandbox`, whose own command line reads them; flags of every command may precede it. */

/** The flags that are on or off for every command, and whether the sandbox has them, too. */
const looks = new Map([
  ["--quiet", true],
  ["-q", true],
  ["--no-color", true],
  ["--json", false],
  ["--ascii", false],
  ["--verbose", false],
  ["-v", false],
  ["--no-input", false],
  ["--yes", false],
  ["-y", false],
])

/** Returns the arguments after `sandbox`, with the flags before it that it has; undefined for any other command. */
export const sandboxArguments = (
  args: ReadonlyArray<string>,
): ReadonlyArray<string> | undefined => {
  const at = args.findIndex((arg) => !looks.has(arg))
  if (args[at] === "help" && args[at + 1] === "sandbox") return ["help", ...args.slice(at + 2)]
  if (args[at] !== "sandbox") return undefined
  const end = args.indexOf("--")
  const known = (arg: string, index: number) =>
    looks.get(arg) !== false || (end !== -1 && index > end)
  return args.filter((arg, index) => index !== at && known(arg, index))
}
