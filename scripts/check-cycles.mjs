// Checks that no modules import each other in a cycle, by value or by type, that packages and wings import only what
// scripts/house-rules.mjs allows, and that .oxlintrc.json has the same rule for every wing.
import { readFileSync } from "node:fs"

import { appArrows, packageArrows, testArrows, wings } from "./house-rules.mjs"
import { arrowsBetween, cyclesOf, importGraph } from "./import-graph.mjs"
import { filesOf, report } from "./sources.mjs"

const files = filesOf(
  "{packages,apps}/*/{src,test}/**/*.{ts,mts,cts}",
  "packages/*/inspector/**/*.ts",
  "{.,packages/*}/scripts/**/*.mjs",
)
const { imports, outside, problems } = importGraph(files)

const cycles = cyclesOf(arrowsBetween(imports, (file) => file))
for (const cycle of cycles) {
  problems.push(`a cycle of ${cycle.length} modules:`)
  for (const [index, from] of cycle.entries()) {
    const to = cycle[(index + 1) % cycle.length]
    const all = imports.filter((one) => one.from === from && one.to === to)
    const names = all.flatMap((one) => one.names).join(", ")
    const kind = all.every((one) => one.isType) ? "type" : "value"
    problems.push(`  ${from}:${all[0].line} -> ${to} (${kind}: ${names})`)
  }
}

/** Splits the path of a file: packages or apps, the name, the folder in it, and the rest. */
const partsOf = (file) => {
  const [, kind, name, area, rest] = /^(packages|apps)\/([^/]+)\/([^/]+)\/(.+)$/.exec(file) ?? []
  return { kind, name, area, rest }
}
/** Returns the wing of a file, or the name of the module at the top of `src`. */
const wingOf = (rest) => (rest.includes("/") ? rest.split("/")[0] : rest.replace(/\..*$/, ""))
const list = (names) => names.toSorted().join(", ") || "nothing"

/** Returns why a module may not import another of its package. */
const objectionInside = (name, source, target) => {
  const rules = source.kind === "packages" ? wings[name] : undefined
  if (rules === undefined) return undefined
  const [wing, other] = [wingOf(source.rest), wingOf(target.rest)]
  const isTop = !source.rest.includes("/")
  if (isTop && rules.open.includes(wing) && !rules.open.includes(other)) {
    return `every wing may import ${wing}, so it imports no module of its package`
  }
  if (isTop || wing === other || rules.open.includes(other)) return undefined
  const allowed = rules.wings[wing]
  if (allowed === undefined) return `scripts/house-rules.mjs knows no wing ${wing}`
  return allowed.includes(other)
    ? undefined
    : `the wing ${wing} may import: ${list([...allowed, ...rules.open])}`
}

/** Returns why a file may not import another; undefined if it may. */
const objectionTo = (from, to, specifier) => {
  const [source, target] = [partsOf(from), partsOf(to)]
  if (source.kind === undefined || target.kind === undefined) return undefined
  const isSame = source.kind === target.kind && source.name === target.name
  if (isSame) {
    if (source.area === "src" && target.area === "test") return "sources import no tests"
    if (source.area !== "src" || target.area !== "src") return undefined
    // by the package's own name an unbundled entry reaches the bundle
    if (!specifier.startsWith(".")) return undefined
    return target.rest === "index.ts"
      ? "modules are imported, not the barrel"
      : objectionInside(source.name, source, target)
  }
  const name = target.kind === "apps" ? `apps/${target.name}` : target.name
  if (source.kind === "apps") {
    if (target.kind === "packages") return undefined
    const allowed = appArrows[source.name] ?? []
    return allowed.includes(target.name)
      ? undefined
      : `the app ${source.name} may import of the other apps: ${list(allowed)}`
  }
  const allowed = packageArrows[source.name] ?? []
  if (source.area !== "test") {
    if (specifier.startsWith(".")) return "a package is imported by its name"
    return allowed.includes(name)
      ? undefined
      : `${source.name} may import of the other packages: ${list(allowed)}`
  }
  const besides = source.name === "core" ? [] : [...allowed, ...testArrows]
  return besides.includes(name)
    ? undefined
    : `the tests of ${source.name} may import of the rest: ${list(besides)}`
}

for (const { from, to, line, specifier } of imports) {
  const objection = objectionTo(from, to, specifier)
  if (objection !== undefined) problems.push(`${from}:${line} imports ${specifier}: ${objection}`)
}
for (const { from, specifier, line } of outside) {
  if (from.startsWith("packages/core/src/types") && /^effect\b/.test(specifier)) {
    problems.push(`${from}:${line} imports ${specifier}: the public types use no Effect type`)
  }
}

// so the editor shows the rule too; an override replaces the options of the broader one, so it must repeat them
const { overrides } = JSON.parse(readFileSync(".oxlintrc.json", "utf8"))
const ruleFor = (glob) =>
  overrides.findLast((one) => one.files.includes(glob) && "no-restricted-imports" in one.rules)
    ?.rules["no-restricted-imports"]
for (const [name, { open, wings: inside }] of Object.entries(wings)) {
  const [, base] = ruleFor(`packages/${name}/src/**`) ?? ruleFor("packages/*/src/**")
  for (const [wing, allowed] of Object.entries(inside)) {
    const glob = `packages/${name}/src/${wing}/**`
    const isWing = (other) => other in inside
    const may = [
      ...allowed.filter(isWing).map((other) => `!../${other}/**`),
      ...[...allowed.filter((other) => !isWing(other)), ...open].map((other) => `!../${other}.ts`),
    ]
    const pattern = {
      group: ["../**", ...may],
      message: `The wing ${wing} may import: ${list([...allowed, ...open])}.`,
    }
    const expected = ["error", { ...base, patterns: [...base.patterns, pattern] }]
    if (JSON.stringify(ruleFor(glob)) !== JSON.stringify(expected)) {
      const override = { files: [glob], rules: { "no-restricted-imports": expected } }
      problems.push(`.oxlintrc.json lacks this override:\n${JSON.stringify(override, null, 2)}`)
    }
  }
}

report(
  problems,
  `${files.length} modules, ${imports.length} imports between them, no cycle, every arrow allowed`,
)
