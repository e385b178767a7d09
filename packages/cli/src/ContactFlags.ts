/** The flags of `create` that describe the contact. `ContactInput.ts`, loaded when the command runs, reads them. */
import * as Flags from "./Flags.ts"

/** The flags of `create` that describe the contact. */
export const contactFlags = {
  firstName: Flags.text("first-name", "text", "First name; required, here or in --data"),
  lastName: Flags.text("last-name", "text", "Last name"),
  phone: Flags.text("phone", "+number", "Phone number with its country code, such as +60123456789"),
  email: Flags.text("email", "address", "Email address"),
  language: Flags.text("language", "tag", "Language, such as ms or pt-BR"),
  countryCode: Flags.text("country-code", "code", "Country, such as MY"),
  profilePic: Flags.text("profile-pic", "url", "URL of a profile picture"),
  field: Flags.repeated(
    "field",
    "name[:type]=value",
    "Custom field, repeatable; type: text number email url list date time checkbox",
  ),
  data: Flags.text("data", "json|@file|-", "The contact as JSON; other flags override it"),
  noFill: Flags.toggle("no-fill", "Do not copy the identifier's email or phone into the contact"),
}

/** Holds the values of these flags. */
export interface ContactFlags {
  readonly firstName: string | undefined
  readonly lastName: string | undefined
  readonly phone: string | undefined
  readonly email: string | undefined
  readonly language: string | undefined
  readonly countryCode: string | undefined
  readonly profilePic: string | undefined
  readonly field: ReadonlyArray<string>
  readonly data: string | undefined
  readonly noFill: boolean
}
