// The arrows of the house: which package may import which, and inside a package which wing may import which.
// scripts/check-cycles.mjs holds the imports and the lint rules to it; scripts/design.mjs writes it into docs/design.md.

/** The packages that the sources of each package may import; those of a package that is not listed may import none. */
export const packageArrows = {
  core: [],
  node: ["core"],
  express: ["node"],
  sandbox: ["core"],
  cli: ["core", "node", "sandbox", "import", "journal", "outbox", "workflow"],
  journal: ["core"],
  redis: ["core"],
  import: ["core", "journal"],
  outbox: ["core", "journal"],
  workflow: ["core", "import", "journal"],
}

/** Servers, and the SDK, that the tests of every package except core may import, too. The tests of core import nothing. */
export const testArrows = ["sandbox", "node", "apps/conformance"]

/** The apps that are imported: `bench` measures the simulated servers and clients of `conformance`, `docs-test` starts servers,
 * `docs` asks it which blocks it runs, and the pages are walked in the browser of `conformance`. */
export const appArrows = {
  bench: ["conformance"],
  docs: ["docs-test", "conformance"],
  "docs-test": ["conformance"],
  signup: ["conformance"],
}

/**
 * The wings of each package that has some: a folder of `src`, with the other wings and top-level modules that it may
 * import. Every wing may import the modules in `open`, which import no other module of the package.
 */
export const wings = {
  core: {
    open: ["types"],
    wings: {
      contact: [],
      errors: ["contact"],
      pacing: [],
      call: ["errors", "contact", "pacing"],
      testing: ["AelystClient", "call", "errors", "contact"],
    },
  },
  import: {
    open: ["types"],
    wings: { read: [], map: [], check: ["read"], report: ["map"], send: [] },
  },
  node: { open: ["version"], wings: { transport: [] } },
  sandbox: {
    open: ["types"],
    wings: { api: [], server: ["api"], cli: ["server", "api", "Sandbox"] },
  },
}
