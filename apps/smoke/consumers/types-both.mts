// Compiled, not run: the types for `import` and those for `require` may be passed for one another.
import type { Aelyst, AelystError, AelystOptions, Contacts, Identifier } from "@aelyst/node"
import type * as ForRequire from "@aelyst/node" with { "resolution-mode": "require" }
import { customFields } from "@aelyst/node"
import type { Sandbox } from "@aelyst/sandbox"
import type { Sandbox as SandboxForRequire } from "@aelyst/sandbox" with {
  "resolution-mode": "require",
}

type Age = { readonly Age?: number | null | undefined }

export const there = {
  client: (client: Aelyst): ForRequire.Aelyst => client,
  contacts: (contacts: Contacts): ForRequire.Contacts => contacts,
  error: (error: AelystError): ForRequire.AelystError => error,
  identifier: (identifier: Identifier): ForRequire.Identifier => identifier,
  options: (options: AelystOptions): ForRequire.AelystOptions => options,
  sandbox: (sandbox: Sandbox): SandboxForRequire => sandbox,
}
export const back = {
  client: (client: ForRequire.Aelyst): Aelyst => client,
  error: (error: ForRequire.AelystError): AelystError => error,
  identifier: (identifier: ForRequire.Identifier): Identifier => identifier,
  sandbox: (sandbox: SandboxForRequire): Sandbox => sandbox,
}
export const typed: ForRequire.AelystOptions<Age> = {
  customFields: customFields.define({ Age: "number" }),
}
