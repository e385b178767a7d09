/** Certificates for the tests, made anew each time by openssl; nothing of them is kept. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A key and its certificate, as PEM. */
export interface Pair {
  readonly key: string
  readonly cert: string
}

/** An authority and what it signed. */
export interface Certificates {
  /** The authority's certificate, to be trusted. */
  readonly ca: string
  /** For `localhost`, `api.example.test` and 127.0.0.1. */
  readonly valid: Pair
  /** For another host. */
  readonly otherHost: Pair
  /** For `localhost`, out of date since 2020. */
  readonly expired: Pair
  /** For `localhost`, signed by itself. */
  readonly selfSigned: Pair
}

const configuration = `
[ca]
default_ca = own
[own]
database = ./index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
CN = test
`

/** Makes an authority and four certificates; takes about 100 ms. */
export const make = (): Certificates => {
  const cwd = mkdtempSync(join(tmpdir(), "aelyst-certificates-"))
  const openssl = (...args: ReadonlyArray<string>) =>
    execFileSync("openssl", args, { cwd, stdio: "ignore" })
  const read = (name: string) => readFileSync(join(cwd, name), "utf8")
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  const pairOf = (name: string): Pair => ({ key: read(`${name}.key`), cert: read(`${name}.pem`) })
  const signed = (name: string, hosts: string, from: string, to: string): Pair => {
    const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${hosts}`]
    openssl(
      "req",
      "-config",
      "ca.cnf",
      "-new",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      ...names,
    )
    const dates = ["-startdate", from, "-enddate", to]
    const authority = ["-cert", "ca.pem", "-keyfile", "ca.key"]
    openssl(
      "ca",
      "-config",
      "ca.cnf",
      "-batch",
      "-notext",
      ...authority,
      ...dates,
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.pem`,
    )
    return pairOf(name)
  }
  const alone = (name: string, extension: string) =>
    openssl(
      "req",
      "-config",
      "ca.cnf",
      "-x509",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-addext",
      extension,
    )
  try {
    writeFileSync(join(cwd, "ca.cnf"), configuration)
    writeFileSync(join(cwd, "index.txt"), "")
    alone("ca", "basicConstraints=critical,CA:TRUE")
    alone("self", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    const local = "DNS:localhost,DNS:api.example.test,IP:127.0.0.1"
    return {
      ca: read("ca.pem"),
      valid: signed("valid", local, "20200101000000Z", "20990101000000Z"),
      otherHost: signed("other", "DNS:other.test", "20200101000000Z", "20990101000000Z"),
      expired: signed("expired", local, "20200101000000Z", "20200102000000Z"),
      selfSigned: pairOf("self"),
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}
