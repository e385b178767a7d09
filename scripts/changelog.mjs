// Writes the changelogs of a release: each changeset with its commit, and the packages that come with it in one line.

/** Returns the entry of a changeset. */
export const getReleaseLine = (changeset) => {
  const [first, ...rest] = changeset.summary.split("\n").map((line) => line.trimEnd())
  const commit = changeset.commit === undefined ? "" : ` (${changeset.commit.slice(0, 7)})`
  const lines = rest.map((line) => (line === "" ? "" : `  ${line}`))
  return Promise.resolve([`- ${first}${commit}`, ...lines].join("\n"))
}

/** Returns the entry of the packages that were updated, whichever changesets did it. */
export const getDependencyReleaseLine = (_changesets, updated) => {
  const names = updated.map(({ name, newVersion }) => `\`${name}\` ${newVersion}`)
  return Promise.resolve(names.length === 0 ? "" : `- Works with ${names.join(" and ")}.`)
}
