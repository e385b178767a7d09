/** Refuses options that a block does not have: with a misspelt `guard` or `allow.identifiers` it would take everyone. */
import type {
  AelystErrorsOptions,
  ContactProxyOptions,
  ContactStatusOptions,
  CreateContactOptions,
  SetupOptions,
} from "./types.ts"

type Names<Options> = Readonly<Record<keyof Options, true>>

const setup: Names<SetupOptions> = { checks: true, log: true }

const createContact: Names<CreateContactOptions> = {
  client: true,
  map: true,
  fields: true,
  customFields: true,
  identifyBy: true,
  guard: true,
  honeypot: true,
  onHoneypot: true,
  existing: true,
  onError: true,
  rate: true,
  delivery: true,
  onCreated: true,
  respond: true,
  errors: true,
  ...setup,
}

const contactProxy: Names<ContactProxyOptions> = {
  authorize: true,
  client: true,
  allow: true,
  rate: true,
  onError: true,
  mirror: true,
  ...setup,
}

const allow: Names<NonNullable<ContactProxyOptions["allow"]>> = {
  identifiers: true,
  fields: true,
  customFields: true,
}

const aelystErrors: Names<AelystErrorsOptions> = {
  shape: true,
  expose: true,
  respond: true,
  onError: true,
  ...setup,
}

const contactStatus: Names<ContactStatusOptions> = { delivery: true, param: true }

const names = {
  aelyst: setup,
  aelystErrors,
  contactProxy,
  "contactProxy.allow": allow,
  contactStatus,
  createContact,
} as const

/** Throws a `TypeError` that names the first option that a block does not have. */
export const checkNames = (block: keyof typeof names, options: object): void => {
  const known = names[block]
  for (const option of Object.keys(options)) {
    if (Object.hasOwn(known, option)) continue
    const rule = `\`${option}\` is not an option; options: ${Object.keys(known).join(", ")}`
    throw Object.assign(new TypeError(`${block}: ${rule}`), { code: "ERR_AELYST_CONFIG", option })
  }
}
