/**
 * The names that people and other systems give to the fields of a contact, for reading forms and files. A whole header
 * equals an alias after normalising, or it matches nothing: never a part of it, never something near it. Public as the
 * namespace `FieldAlias`.
 */
import * as Records from "effect/Record"

/** Names the meanings that a header can have; `fullName` and `identifier` are not fields of the payload. */
export type Target =
  | "firstName"
  | "lastName"
  | "fullName"
  | "email"
  | "phone"
  | "language"
  | "countryCode"
  | "profilePic"
  | "identifier"

/** Holds a header's meaning. */
export interface Match {
  readonly target: Target
  /** 0 is the best name for the target; of several columns for one target the lowest rank comes first. */
  readonly rank: number
}

// headers are names, not texts; longer ones match nothing
const MAX_HEADER = 200

/**
 * Normalises a header: compatibility decomposition, no marks, lower case, only letters and digits. Normalising twice
 * changes nothing. Headers of more than 200 characters become "".
 *
 * **Example**
 *
 * ```ts
 * import { FieldAlias } from "@aelyst/core"
 *
 * console.log(FieldAlias.normalise("Prénom (fr)")) // => prenomfr
 * ```
 */
export const normalise = (header: string): string =>
  header.length > MAX_HEADER
    ? ""
    : header
        .normalize("NFKD")
        .toLowerCase()
        .normalize("NFKD")
        .replace(/[^\p{L}\p{N}]/gu, "")

// the ranks of each target, the best first, separated by semicolons
const ranks: Readonly<Record<Target, string>> = {
  firstName: `first name, given name, forename, fname, first, contact first name, person first name,
    vorname, prénom, nombre, nombre de pila, primeiro nome, voornaam, imię, förnamn, fornavn,
    etunimi, jméno, nama depan, nama pertama, имя, 名`,
  lastName: `last name, family name, surname, lname, last, contact last name, person last name,
    nachname, familienname, nom, nom de famille, apellido, apellidos, cognome, sobrenome, apelido,
    achternaam, nazwisko, efternamn, efternavn, etternavn, sukunimi, příjmení, nama belakang,
    nama akhir, nama keluarga, фамилия, 姓`,
  fullName: `full name, name, display name, contact name, person - name, vollständiger name,
    nom complet;
    nombre completo, nome completo, nama, nama penuh, nama lengkap, 姓名`,
  email: `email, email address, primary email, e-mail 1 - value, mail, courriel;
    adresse e-mail, e-mail-adresse, correo, correo electrónico, email 1;
    work email, business email, person email, person - email - work, contact email, customer email,
    emel, alamat email;
    home email, personal email, private email, person - email - home, 邮箱, 电子邮件;
    person - email - other`,
  phone: `whatsapp, whatsapp number, whatsapp phone, whatsapp phone number, wa number,
    nombor whatsapp;
    mobile, mobile phone, mobile number, mobile phone number, mobile no, mobil, mobilnummer,
    mobiltelefon, telefon mobil, handy, handynummer, person - phone - mobile, portable,
    móvil, celular, nombor telefon bimbit, 手机, 手机号;
    cell, cell phone, cell number, cell phone number, cellular;
    phone 1 - value, phone 1;
    primary phone, primary phone number, main phone;
    phone, phone number, phone no, telephone, telephone number, tel, telefon, telefonnummer,
    teléfono, telefone, nombor telefon, no telefon, nomor telepon, person - phone, телефон, 电话;
    sms, sms number, sms phone number;
    home, home phone, home phone number, home number, telefon privat, person - phone - home;
    business phone, business phone number, work phone, work phone number, work number,
    office phone, telefon geschäftlich, person - phone - work;
    landline number, landline, other phone, weiteres telefon, person - phone - other`,
  language: `language, preferred language, lang, language code, locale, sprache, langue, idioma;
    lingua, taal, język, bahasa, язык, 语言`,
  countryCode: `country code, country iso code, country iso, mailing country code,
    billing country code;
    country, country/region, land, land/region, pays, país, paese, negara, страна, 国家;
    address 1 - country, home country/region, mailing country, home country, home address country,
    land/region privat;
    business country/region, land/region geschäftlich, business country;
    billing country; other country/region`,
  profilePic: `profile pic, profile picture, profile picture url, profile pic url, profile image,
    profile photo;
    avatar, avatar url, picture url, picture, photo url, photo, image url, profile image url`,
  identifier: "identifier, contact identifier, aelyst identifier",
}

/**
 * Lists the aliases of each target in ranks, the best first. They are shown and tested as people write them; comparing
 * normalises both sides.
 *
 * **Details**
 *
 * Left out on purpose: names of other things ("Contact number", "Email consent", "Email domain"), IDs of other systems
 * ("Record ID"), and names that mean several fields ("Title", "Address").
 *
 * **Example**
 *
 * ```ts
 * import { FieldAlias } from "@aelyst/core"
 *
 * console.log(FieldAlias.aliases.identifier) // => [ [ 'identifier', 'contact identifier', 'aelyst identifier' ] ]
 * ```
 */
// one pure call, so that bundles that do not use it leave it out
export const aliases: Readonly<Record<Target, ReadonlyArray<ReadonlyArray<string>>>> =
  /* @__PURE__ */ Records.map(ranks, (text) => text.split(/;\s+/).map((rank) => rank.split(/,\s+/)))

// built on the first use, so that importing the module costs nothing
let table: ReadonlyMap<string, Match> | undefined

const build = (): ReadonlyMap<string, Match> =>
  new Map(
    Records.toEntries(aliases).flatMap(([target, ranked]) =>
      ranked.flatMap((names, rank) =>
        names.map((name): [string, Match] => [normalise(name), { target, rank }]),
      ),
    ),
  )

/**
 * Returns what a header stands for; undefined if it is not known. Case, accents, spaces and punctuation do not count.
 *
 * **Example**
 *
 * ```ts
 * import { FieldAlias } from "@aelyst/core"
 *
 * console.log(FieldAlias.match("E-Mail Address")?.target) // => email
 * console.log(FieldAlias.match("Email consent")) // => undefined
 * ```
 */
export const match = (header: string): Match | undefined => {
  const name = normalise(header)
  if (name === "") return undefined
  table ??= build()
  return table.get(name)
}
