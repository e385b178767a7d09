/** Creates certificates for a test run; they are never stored. */
// must be imported before the library below
import "reflect-metadata"

import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509"
import type { Extension, JsonGeneralNames } from "@peculiar/x509"

/** A key and its certificate, as PEM. */
export interface Pair {
  readonly key: string
  readonly cert: string
}

/** An authority and the certificates that it signed. */
export interface Certificates {
  /** The authority's certificate, for clients to trust. */
  readonly ca: string
  /** For `localhost`, `api.example.test` and 127.0.0.1. */
  readonly valid: Pair
  /** For another host. */
  readonly otherHost: Pair
  /** For `localhost`, expired in 2020. */
  readonly expired: Pair
  /** For `localhost`, self-signed. */
  readonly selfSigned: Pair
}

const { subtle } = globalThis.crypto
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const lasting = { notBefore: new Date("2020-01-01"), notAfter: new Date("2099-01-01") }
const past = { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-01-02") }

const makeKeys = () => subtle.generateKey(algorithm, true, ["sign", "verify"])
type Keys = Awaited<ReturnType<typeof makeKeys>>

/** Creates a certificate for keys; without an issuer it is self-signed. */
const certify = async (
  name: string,
  keys: Keys,
  extension: Extension,
  dates = lasting,
  issuer = { name, keys },
): Promise<string> => {
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${issuer.name}`,
    ...dates,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [extension],
  })
  return certificate.toString("pem")
}

const keyOf = async ({ privateKey }: Keys): Promise<string> =>
  PemConverter.encode(await subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY")

/** Creates an authority and four certificates; takes about 40 ms. */
export const make = async (): Promise<Certificates> => {
  const authority = { name: "ca", keys: await makeKeys() }
  const local: JsonGeneralNames = [
    { type: "dns", value: "localhost" },
    { type: "dns", value: "api.example.test" },
    { type: "ip", value: "127.0.0.1" },
  ]
  const other: JsonGeneralNames = [{ type: "dns", value: "other.test" }]
  const pair = async (
    name: string,
    hosts: JsonGeneralNames,
    dates?: typeof lasting,
    issuer?: typeof authority,
  ): Promise<Pair> => {
    const keys = await makeKeys()
    const extension = new SubjectAlternativeNameExtension(hosts)
    return { key: await keyOf(keys), cert: await certify(name, keys, extension, dates, issuer) }
  }
  const constraints = new BasicConstraintsExtension(true, undefined, true)
  return {
    ca: await certify(authority.name, authority.keys, constraints),
    valid: await pair("valid", local, lasting, authority),
    otherHost: await pair("other", other, lasting, authority),
    expired: await pair("expired", local, past, authority),
    selfSigned: await pair("self", local),
  }
}
