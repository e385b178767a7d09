/** Every way to get it wrong: each error says what was given, what is wrong and what to do, on at most three lines. */
import { chmodSync, chownSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { Home, aelyst, onPosix } from "./process.ts"

interface Row {
  readonly name: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** Whether it runs in the process of the test, which is faster; true by default. */
  readonly inProcess?: boolean
  readonly code: number
  readonly stderr: ReadonlyArray<string>
}

const create = ["create", "email:zoe@example.com", "--first-name", "Zoe"]

const files = {
  "broken.json": "{",
  "typo.json": '{"profiles":{"default":{"timout":"9s"}}}',
  "value.json": '{"profiles":{"default":{"timeout":"abc"}}}',
  "token.json": '{"profiles":{"default":{"token":"canary_Zx81qQ"}}}',
  "open.txt": "canary_Zx81qQ\n",
}

/** Writes the files of the rows; others can read the last one, which belongs to no administrator. */
const withFiles = (): Home => {
  const home = new Home()
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(home.path, name), text, { mode: 0o600 })
  }
  const open = join(home.path, "open.txt")
  chmodSync(open, 0o644)
  if (process.getuid?.() === 0) chownSync(open, 1000, 1000)
  return home
}

const table: ReadonlyArray<Row> = [
  {
    name: "an unknown flag",
    args: ["create", "email:zoe@example.com", "--frist-name", "Zoe"],
    code: 2,
    stderr: [
      "error: unknown flag --frist-name. Did you mean --first-name?  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "a flag by another name",
    args: ["create", "email:zoe@example.com", "--name", "Zoe"],
    code: 2,
    stderr: [
      "error: unknown flag --name. Did you mean --first-name?  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "a flag of another command",
    args: ["config", "list", "--first-name", "Zoe"],
    code: 2,
    stderr: [
      "error: unknown flag --first-name  [USAGE]",
      "  usage: aelyst config list [flags]",
      "  help:  aelyst config list --help",
    ],
  },
  {
    name: "a token as a flag",
    args: [...create, "--token", "canary_Zx81qQ"],
    code: 2,
    stderr: [
      "error: unknown flag --token: arguments are visible in the process list. Use AELYST_TOKEN, --token-file or --token-stdin  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "an API key as a flag",
    args: [...create, "--api-key=canary_Zx81qQ"],
    code: 2,
    stderr: [
      "error: unknown flag --api-key: arguments are visible in the process list. Use AELYST_TOKEN, --token-file or --token-stdin  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "a flag without its value",
    args: [...create, "--timeout"],
    code: 2,
    stderr: [
      "error: missing value for --timeout; write --timeout=-… for one that begins with -  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "a flag given twice",
    args: [...create, "--timeout", "1s", "--timeout", "2s"],
    code: 2,
    stderr: [
      "error: --timeout was given 2 times; it takes one value  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "a value for a switch",
    args: [...create, "--quiet=loud"],
    code: 2,
    stderr: [
      'error: invalid value "loud" for --quiet: it is on or off, and takes no value  [USAGE]',
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "a negated switch",
    args: [...create, "--no-json"],
    code: 2,
    stderr: [
      "error: unknown flag --no-json. Did you mean --json?  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "a short flag that does not exist",
    args: [...create, "-x"],
    code: 2,
    stderr: [
      "error: unknown flag -x  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "no identifier",
    args: ["create", "--first-name", "Zoe"],
    code: 2,
    stderr: [
      "error: missing argument <identifier>: expected email:name@domain, phone:+<country><number> or id:<contact id>  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "an argument too many",
    args: ["create", "email:zoe@example.com", "Zoe", "Tan"],
    code: 2,
    stderr: [
      "error: 2 unexpected arguments; quote a value that contains spaces  [USAGE]",
      "  usage: aelyst create <identifier> [flags]",
      "  help:  aelyst create --help",
    ],
  },
  {
    name: "an unknown command",
    args: ["creat", "email:zoe@example.com"],
    code: 2,
    stderr: [
      "error: unknown command creat. Did you mean create?  [USAGE]",
      "  commands: create, import, resume, runs, worker, template, mapping, outbox, auth, config, doctor, errors, sandbox, completions, help, version",
      "  help:  aelyst --help",
    ],
  },
  {
    name: "an address as a command",
    args: ["zoe@example.com"],
    code: 2,
    stderr: [
      "error: unknown command (15 characters); to create a contact: aelyst create <identifier> --first-name <name>  [USAGE]",
      "  commands: create, import, resume, runs, worker, template, mapping, outbox, auth, config, doctor, errors, sandbox, completions, help, version",
      "  help:  aelyst --help",
    ],
  },
  {
    name: "an unknown command below a command",
    args: ["config", "sett", "timeout", "9s"],
    code: 2,
    stderr: [
      "error: unknown command sett. Did you mean set?  [USAGE]",
      "  commands: list, get, set, unset, path",
      "  help:  aelyst config --help",
    ],
  },
  {
    name: "a missing value of a setting",
    args: ["config", "set", "timeout"],
    code: 2,
    stderr: [
      "error: missing argument <value>: expected the new value, such as 9s  [USAGE]",
      "  usage: aelyst config set <key> <value> [flags]",
      "  help:  aelyst config set --help",
    ],
  },
  {
    name: "an unknown shell",
    args: ["completions", "tcsh"],
    code: 2,
    stderr: [
      'error: invalid value "tcsh" for <shell>: expected bash, zsh, fish or powershell  [USAGE]',
      "  usage: aelyst completions <shell> [flags]",
      "  help:  aelyst completions --help",
    ],
  },
  {
    name: "an unknown topic",
    args: ["help", "creat"],
    code: 2,
    stderr: [
      "error: unknown command creat. Did you mean create?  [USAGE]",
      "  commands: create, import, resume, runs, worker, template, mapping, outbox, auth, config, doctor, errors, sandbox, completions, help, version",
      "  help:  aelyst help",
    ],
  },
  {
    name: "an unknown code",
    args: ["errors", "EMAIL_INVALDI"],
    code: 2,
    stderr: [
      "error: unknown code EMAIL_INVALDI  [USAGE]",
      "  did you mean: EMAIL_INVALID",
      "  all codes: aelyst errors",
    ],
  },
  {
    name: "a value in place of a code",
    args: ["errors", "zoe@example.com"],
    code: 2,
    stderr: ["error: unknown code (15 characters)  [USAGE]", "  all codes: aelyst errors"],
  },
  {
    name: "a word for a duration",
    args: [...create, "--timeout", "abc"],
    code: 2,
    stderr: [
      'error: invalid value "abc" for --timeout: expected a duration such as 500ms, 2s or 5m  [USAGE]',
    ],
  },
  {
    name: "a duration without its unit",
    args: [...create, "--timeout", "30"],
    code: 2,
    stderr: [
      'error: invalid value "30" for --timeout: expected a duration such as 500ms, 2s or 5m  [USAGE]',
    ],
  },
  {
    name: "a duration with a space",
    args: [...create, "--deadline", "30 sec"],
    code: 2,
    stderr: [
      'error: invalid value "30 sec" for --deadline: expected a duration such as 500ms, 2s or 5m  [USAGE]',
    ],
  },
  {
    name: "a duration that is too short",
    args: [...create, "--timeout", "0s"],
    code: 2,
    stderr: [
      'error: invalid value "0s" for --timeout: expected a duration of at least 1ms  [USAGE]',
    ],
  },
  {
    name: "a negative number",
    args: [...create, "--retries=-1"],
    code: 2,
    stderr: [
      'error: invalid value "-1" for --retries: expected an integer between 0 and 100  [USAGE]',
    ],
  },
  {
    name: "a number that is too large",
    args: [...create, "--retries", "101"],
    code: 2,
    stderr: [
      'error: invalid value "101" for --retries: expected an integer between 0 and 100  [USAGE]',
    ],
  },
  {
    name: "an unknown policy",
    args: [...create, "--delivery", "exactly-once"],
    code: 2,
    stderr: [
      'error: invalid value "exactly-once" for --delivery: expected at-most-once or natural-key  [USAGE]',
    ],
  },
  {
    name: "a rate of none",
    args: [...create, "--rate", "0/s"],
    code: 2,
    stderr: [
      'error: invalid value "0/s" for --rate: expected a number of requests per second above 0, such as 5/s  [USAGE]',
    ],
  },
  {
    name: "a long wait without a unit",
    args: [...create, "--max-wait", "900"],
    code: 2,
    stderr: [
      'error: invalid value "900" for --max-wait: expected a duration such as 500ms, 2s or 5m  [USAGE]',
    ],
  },
  {
    name: "an unknown progress",
    args: [...create, "--progress", "fancy"],
    code: 2,
    stderr: [
      'error: invalid value "fancy" for --progress: expected auto, bar, plain or none  [USAGE]',
    ],
  },
  {
    name: "a settle without a unit",
    args: [...create, "--settle", "2"],
    code: 2,
    stderr: [
      'error: invalid value "2" for --settle: expected a duration such as 500ms, 2s or 5m  [USAGE]',
    ],
  },
  {
    name: "a country by its name",
    args: [...create, "--default-country", "Malaysia"],
    code: 2,
    stderr: [
      'error: invalid value "Malaysia" for --default-country: expected two letters, such as MY  [USAGE]',
    ],
  },
  {
    name: "a country that does not exist",
    args: ["create", "0123456789", "--first-name", "Zoe", "--default-country", "XX"],
    code: 2,
    stderr: [
      'error: unknown country code "XX" for --default-country  [USAGE]',
      "  fix:   use the two letters of ISO 3166, such as MY or DE",
      "  nothing was sent",
    ],
  },
  {
    name: "a URL without a scheme",
    args: [...create, "--base-url", "api.aelyst.ai/v1"],
    code: 2,
    stderr: [
      'error: invalid value "api.aelyst.ai/v1" for --base-url: must be a URL, such as https://api.aelyst.ai/v1  [USAGE]',
    ],
  },
  {
    name: "a URL over plain http",
    args: [...create, "--base-url", "http://api.aelyst.ai/v1"],
    env: { AELYST_TOKEN: "canary_Zx81qQ" },
    code: 2,
    stderr: [
      'error: invalid value "http://api.aelyst.ai/v1" for --base-url: must begin with https:// (http:// only for loopback hosts and sandbox tokens)  [USAGE]',
    ],
  },
  {
    name: "a URL in quotation marks",
    args: [...create, "--base-url", '"https://api.aelyst.ai/v1"'],
    code: 2,
    stderr: [
      'error: invalid value "\\"https://api.aelyst.ai/v1\\"" for --base-url: must be written without quotation marks around it  [USAGE]',
    ],
  },
  {
    name: "a URL with a password",
    args: [...create, "--base-url", "https://ana:canary_Zx81qQ@api.aelyst.ai/v1"],
    code: 2,
    stderr: [
      'error: invalid value "https://***@api.aelyst.ai/v1" for --base-url: must not contain a user or a password  [USAGE]',
    ],
  },
  {
    name: "a URL with a query",
    args: [...create, "--base-url", "https://api.aelyst.ai/v1?key=canary_Zx81qQ"],
    code: 2,
    stderr: [
      'error: invalid value "https://api.aelyst.ai/v1?…" for --base-url: must not contain a query or a fragment  [USAGE]',
    ],
  },
  {
    name: "a token in place of a URL",
    args: [...create, "--base-url", "canary_Zx81qQ"],
    code: 2,
    stderr: [
      "error: invalid value (13 characters) for --base-url: must be a URL, such as https://api.aelyst.ai/v1  [USAGE]",
    ],
  },
  {
    name: "a duration in the environment",
    args: [...create],
    env: { AELYST_TIMEOUT: "abc" },
    code: 2,
    stderr: [
      'error: invalid value "abc" for AELYST_TIMEOUT: expected a duration such as 500ms, 2s or 5m  [USAGE]',
      "  fix:   change or unset AELYST_TIMEOUT; --timeout overrides it for one run",
    ],
  },
  {
    name: "a URL in the environment",
    args: [...create],
    env: { AELYST_BASE_URL: "'https://api.aelyst.ai/v1'" },
    code: 2,
    stderr: [
      "error: invalid value \"'https://api.aelyst.ai/v1'\" for AELYST_BASE_URL: must be written without quotation marks around it  [USAGE]",
      "  fix:   change or unset AELYST_BASE_URL; --base-url overrides it for one run",
    ],
  },
  {
    name: "an unknown profile",
    args: [...create],
    env: { AELYST_PROFILE: "prdo" },
    code: 2,
    stderr: [
      "error: unknown profile prdo  [USAGE]",
      "  there are no profiles yet",
      "  to create it: aelyst auth login --profile prdo",
    ],
  },
  {
    name: "an invalid profile name",
    args: [...create, "--profile", "a b"],
    code: 2,
    stderr: [
      'error: invalid profile name "a b": expected at most 64 letters, digits, - and _  [USAGE]',
      "  fix:   change --profile",
    ],
  },
  {
    name: "a token in quotation marks",
    args: [...create],
    env: { AELYST_TOKEN: '"canary_Zx81qQ"' },
    code: 4,
    stderr: [
      "error: the token from AELYST_TOKEN begins and ends with a quotation mark  [TOKEN_INVALID]",
      "  fix:   remove the quotation marks",
      "  nothing was sent",
    ],
  },
  {
    name: "a token after Bearer",
    args: [...create],
    env: { AELYST_TOKEN: "Bearer canary_Zx81qQ" },
    code: 4,
    stderr: [
      "error: the token from AELYST_TOKEN begins with Bearer  [TOKEN_INVALID]",
      "  fix:   leave that word out; it is added when the token is sent",
      "  nothing was sent",
    ],
  },
  {
    name: "a token with a carriage return",
    args: [...create],
    env: { AELYST_TOKEN: "canary_Zx81qQ\r" },
    code: 4,
    stderr: [
      "error: the token from AELYST_TOKEN ends with a carriage return  [TOKEN_INVALID]",
      "  fix:   save the file with Unix line ends, or remove the \\r",
      "  nothing was sent",
    ],
  },
  {
    name: "a token that is too short",
    args: [...create],
    env: { AELYST_TOKEN: "canary" },
    code: 4,
    stderr: [
      "error: the token from AELYST_TOKEN has 6 characters, and a token at least 8  [TOKEN_INVALID]",
      "  fix:   copy the token again, as the page of the account shows it",
      "  nothing was sent",
    ],
  },
  {
    name: "no token",
    args: [...create],
    env: { AELYST_TOKEN: "" },
    code: 4,
    stderr: [
      "error: no token for 127.0.0.1:1  [TOKEN_MISSING]",
      "  fix:   set AELYST_TOKEN, or run: aelyst auth login",
      "  nothing was sent (profile default); a sandbox takes the token sandbox_ok",
    ],
  },
  {
    name: "a token file that does not exist",
    args: [...create, "--token-file", "none.txt"],
    code: 2,
    stderr: [
      "error: ~/none.txt does not exist (ENOENT)  [FILE]",
      "  fix:   check the path; it is read from the directory of this command",
    ],
  },
  {
    name: "a token file that others can read",
    args: [...create, "--token-file", "open.txt"],
    code: 2,
    stderr: [
      "error: open.txt can be read by others (mode 644)  [FILE]",
      "  fix:   chmod 600 open.txt, or --token-stdin < open.txt",
    ],
  },
  {
    name: "a token file that is a directory",
    args: [...create, "--token-file", "."],
    code: 2,
    stderr: ["error: ~ is a directory (EISDIR)  [FILE]", "  fix:   name a file"],
  },
  {
    name: "two sources of the token",
    args: [...create, "--token-file", "open.txt", "--token-stdin"],
    code: 2,
    stderr: [
      "error: --token-stdin and --token-file cannot be combined  [USAGE]",
      "  fix:   give one of them",
    ],
  },
  {
    name: "an empty standard input for the token",
    args: [...create, "--token-stdin"],
    code: 4,
    stderr: [
      "error: the token from standard input is empty  [TOKEN_INVALID]",
      "  fix:   put the token there, or use another source",
      "  nothing was sent",
    ],
  },
  {
    name: "a data file that does not exist",
    args: [...create, "--data", "@none.json"],
    code: 2,
    stderr: [
      "error: ~/none.json does not exist (ENOENT)  [FILE]",
      "  fix:   check the path; it is read from the directory of this command",
    ],
  },
  {
    name: "data that is not JSON",
    args: [...create, "--data", "{firstName: Ana}"],
    code: 2,
    stderr: [
      "error: invalid JSON in --data (16 characters)  [USAGE]",
      "  expected JSON, @<path> for a file, or - for standard input",
      '  fix:   in a shell, put it in single quotes: --data \'{"firstName":"Ana"}\'',
    ],
  },
  {
    name: "data that is a list",
    args: [...create, "--data", "[1]"],
    code: 2,
    stderr: [
      "error: --data must be a JSON object, not an array  [USAGE]",
      '  fix:   write it as \'{"firstName":"Ana"}\'; create makes one contact at a time',
    ],
  },
  {
    name: "one input for two things",
    args: [...create, "--data", "-", "--token-stdin"],
    code: 2,
    stderr: [
      "error: --data - and --token-stdin cannot both read standard input  [USAGE]",
      "  fix:   give the contact as --data @<path>, or the token as --token-file or AELYST_TOKEN",
    ],
  },
  {
    name: "a configuration that is not JSON",
    args: [...create],
    env: { AELYST_CONFIG: "broken.json" },
    code: 2,
    stderr: [
      "error: ~/broken.json is not valid JSON  [FILE]",
      "  fix:   correct the file; aelyst config path lists the files that are read",
    ],
  },
  {
    name: "a typing error in the configuration",
    args: [...create],
    env: { AELYST_CONFIG: "typo.json" },
    code: 2,
    stderr: [
      "error: ~/typo.json: profiles.default.timout is not a setting; did you mean timeout?  [FILE]",
      "  fix:   correct the file; aelyst config path lists the files that are read",
    ],
  },
  {
    name: "a wrong value in the configuration",
    args: [...create],
    env: { AELYST_CONFIG: "value.json" },
    code: 2,
    stderr: [
      'error: invalid value "abc" for timeout of profile default: expected a duration such as 500ms, 2s or 5m  [USAGE]',
      "  fix:   aelyst config set timeout <value>; --timeout overrides it for one run",
    ],
  },
  {
    name: "a token in the configuration",
    args: [...create],
    env: { AELYST_CONFIG: "token.json", AELYST_TOKEN: "", AELYST_BASE_URL: "" },
    code: 2,
    stderr: [
      "error: config.json holds a token in profile default, which is only allowed for loopback hosts  [FILE]",
      "  fix:   remove it, then: aelyst auth login --profile default",
      "  nothing was sent",
    ],
  },
  {
    name: "an unknown setting",
    args: ["config", "get", "timout"],
    code: 2,
    stderr: [
      "error: unknown setting timout  [USAGE]",
      "  did you mean timeout?",
      "  settings: baseUrl, timeout, deadline, retries, delivery, maxWait, rate, defaultCountry",
    ],
  },
  {
    name: "a token as a setting",
    args: ["config", "set", "token", "canary_Zx81qQ"],
    code: 2,
    stderr: [
      "error: a token is not a setting  [USAGE]",
      "  fix:   aelyst auth login saves it, with its host, where only you can read it",
    ],
  },
  {
    name: "a login without a terminal",
    args: ["auth", "login"],
    code: 2,
    stderr: [
      "error: cannot prompt for the token without a terminal  [USAGE]",
      "  fix:   aelyst auth login --token-stdin < <path>, or --token-file <path>",
    ],
  },
  {
    name: "a contact without a first name",
    args: ["create", "email:zoe@example.com"],
    code: 3,
    stderr: [
      "error: firstName is required and must have at least one visible character  [FIRST_NAME_MISSING]",
      "  fix:   add --first-name; nothing was sent",
    ],
  },
  {
    name: "a number without its country code",
    args: ["create", "phone:0123456789", "--first-name", "Zoe"],
    code: 3,
    stderr: [
      "error: identifier: a phone number without + and a country code can only be read with a default country  [PHONE_NO_COUNTRY]",
      "  fix:   add --default-country, such as MY, or begin with + and the country code, such as +60; nothing was sent",
    ],
  },
  {
    name: "an invalid address",
    args: ["create", "email:zoe@", "--first-name", "Zoe"],
    code: 3,
    stderr: [
      "error: identifier: an email address must have one @ with text on both sides, no spaces and at most 254 characters  [EMAIL_INVALID]",
      "  fix:   write an address like ana@example.com; nothing was sent",
    ],
  },
  {
    name: "two mistakes in one contact",
    args: ["create", "email:zoe@", "--country-code", "canary"],
    code: 3,
    stderr: [
      "error: identifier: an email address must have one @ with text on both sides, no spaces and at most 254 characters  [EMAIL_INVALID]",
      "  also:  countryCode must be two letters, such as MY [COUNTRY_CODE_INVALID]; firstName is required and must have at least one visible character [FIRST_NAME_MISSING]",
      "  fix:   write an address like ana@example.com; add --first-name; nothing was sent",
    ],
  },
  {
    name: "a field without an equals sign",
    args: [...create, "--field", "canary"],
    code: 2,
    stderr: [
      "error: invalid --field (number 1): expected 'Name=value' or 'Name:type=value'  [USAGE]",
      "  types: text, number, email, url, list, date, time, checkbox",
      "  fix:   put the whole of it in single quotes, with an equals sign after the name",
    ],
  },
  {
    name: "a field with a wrong type",
    args: [...create, "--field", "Age:numbr=4"],
    code: 2,
    stderr: [
      'error: unknown type "numbr" in --field (number 1). Did you mean number?  [USAGE]',
      "  types: text, number, email, url, list, date, time, checkbox",
      "  fix:   change the type; if the colon belongs to the name, write \\: instead",
    ],
  },
  {
    name: "a field with a wrong value",
    args: [...create, "--field", "Age:number=canary"],
    code: 3,
    stderr: [
      "error: invalid --field (number 1): a number value must be a finite number  [NUMBER_INVALID]",
      "  fix:   write it like 42 or -1.5",
      "  nothing was sent",
    ],
  },
  {
    name: "a SOCKS proxy",
    args: [...create, "--base-url", "https://api.example.test/v1"],
    env: { https_proxy: "socks5h://ana:canary_Zx81qQ@127.0.0.1:1" },
    inProcess: false,
    code: 2,
    stderr: [
      "error: https_proxy must be an http or https proxy; SOCKS proxies are not supported  [USAGE]",
      "  fix:   correct or unset https_proxy; aelyst doctor shows what is read",
      "  nothing was sent",
    ],
  },
  {
    name: "a proxy in quotation marks",
    args: [...create, "--base-url", "https://api.example.test/v1"],
    env: { HTTPS_PROXY: '"http://127.0.0.1:1"' },
    inProcess: false,
    code: 2,
    stderr: [
      "error: HTTPS_PROXY must be a URL without quotation marks around it  [USAGE]",
      "  fix:   correct or unset HTTPS_PROXY; aelyst doctor shows what is read",
      "  nothing was sent",
    ],
  },
  {
    name: "a proxy that is down",
    args: [...create, "--base-url", "https://api.example.test/v1", "--retries", "0"],
    env: { HTTPS_PROXY: "http://ana:100%@127.0.0.1:1" },
    inProcess: false,
    code: 8,
    stderr: [
      "error: cannot reach api.example.test: PROXY_ECONNREFUSED (check HTTPS_PROXY)  [NETWORK]",
      "  outcome not_sent: nothing was sent",
      "  to find out why: aelyst doctor",
    ],
  },
  {
    name: "a server that is down",
    args: [...create, "--base-url", "http://127.0.0.1:1/v1", "--retries", "0"],
    inProcess: false,
    code: 8,
    stderr: [
      "error: cannot reach 127.0.0.1:1: ECONNREFUSED (check the base URL, the network or HTTPS_PROXY)  [NETWORK]",
      "  outcome not_sent: nothing was sent",
      "  to find out why: aelyst doctor",
    ],
  },
  {
    name: "an unknown flag of the sandbox",
    args: ["sandbox", "--limt", "3"],
    inProcess: false,
    code: 2,
    stderr: [
      "error: unknown flag --limt. Did you mean --limit?  [USAGE]",
      "  usage: aelyst sandbox [command] [flags]",
      "  help:  aelyst sandbox --help",
    ],
  },
  {
    name: "a duration of the sandbox without its unit",
    args: ["sandbox", "--window", "3"],
    inProcess: false,
    code: 2,
    stderr: [
      'error: invalid value "3" for --window: expected a duration such as 500ms, 2s or 5m  [USAGE]',
      "  help:  aelyst sandbox --help",
    ],
  },
  {
    name: "an unknown command of the sandbox",
    args: ["sandbox", "strat"],
    inProcess: false,
    code: 2,
    stderr: [
      'error: unknown command "strat". Did you mean start?  [USAGE]',
      "  commands: start, exec, fault, reset, open",
      "  help:  aelyst sandbox --help",
    ],
  },
  {
    name: "a flag of another command of the sandbox",
    args: ["sandbox", "reset", "--limit", "3"],
    inProcess: false,
    code: 2,
    stderr: [
      "error: --limit is not a flag of reset, but of start and exec  [USAGE]",
      "  usage: aelyst sandbox reset [flags]",
      "  help:  aelyst sandbox reset --help",
    ],
  },
  {
    name: "exec without a command",
    args: ["sandbox", "exec", "npm", "test"],
    inProcess: false,
    code: 2,
    stderr: [
      'error: unexpected argument "npm": write the command after --  [USAGE]',
      "  usage: aelyst sandbox exec [flags] -- <command>",
      "  help:  aelyst sandbox exec --help",
    ],
  },
  {
    name: "a command that does not exist",
    args: ["sandbox", "exec", "--", "no-such-command-of-ours"],
    inProcess: false,
    code: 127,
    stderr: [
      "error: command not found: no-such-command-of-ours  [USAGE]",
      "  check its name and PATH",
    ],
  },
  {
    name: "a sandbox that is not running",
    args: ["sandbox", "reset", "--port", "1"],
    inProcess: false,
    code: 8,
    stderr: [
      "error: no sandbox is running at http://127.0.0.1:1  [NETWORK]",
      "  start one: aelyst sandbox, or name its port with --port",
    ],
  },
  {
    name: "a sandbox at the URL of an account",
    args: ["sandbox", "reset"],
    env: { AELYST_BASE_URL: "https://api.aelyst.ai/v1" },
    inProcess: false,
    code: 2,
    stderr: [
      "error: AELYST_BASE_URL is https://api.aelyst.ai, which is not a sandbox: those begin with http://  [USAGE]",
      "  name the sandbox's port with --port, or set AELYST_BASE_URL to the URL that it printed",
    ],
  },
  {
    name: "a password in an argument",
    args: ["outbox", "stats", "--store", "postgres://ana:canary_Zx81qQ@db.example.com/app"],
    code: 2,
    stderr: [
      "error: --store holds a password: arguments are visible in the process list  [USAGE]",
      "  fix:   put the URL into AELYST_STORE, or into a file that only you can read: --store-file <path>",
      "  then change the password, if others use this machine",
    ],
  },
  {
    name: "a database named by something other than a URL",
    args: ["outbox", "stats"],
    env: { AELYST_STORE: "canary_Zx81qQ" },
    code: 2,
    stderr: [
      "error: AELYST_STORE holds no URL of a Postgres database: expected postgres://user:password@host:5432/database  [USAGE]",
      "  fix:   write characters such as / and @ in the password as %2F and %40; an SQLite file is named by --file",
    ],
  },
  {
    name: "a URL that others can read",
    args: ["outbox", "stats", "--store-file", "open.txt"],
    code: 2,
    stderr: [
      "error: open.txt can be read by others (mode 644)  [FILE]",
      "  fix:   chmod 600 open.txt",
    ],
  },
  {
    name: "a state of an outbox that there is not",
    args: ["outbox", "list", "--file", "a.db", "--state", "parkd"],
    code: 2,
    stderr: [
      'error: invalid value "parkd" for --state: expected pending, created, existed, exists_after_doubt, rejected or parked. Did you mean parked?  [USAGE]',
    ],
  },
  {
    name: "a flag with a value before sandbox",
    args: ["--profile", "a", "sandbox", "reset"],
    inProcess: false,
    code: 2,
    stderr: [
      "error: sandbox does not have the flag --profile  [USAGE]",
      "  usage: aelyst sandbox <command> [flags]",
      "  help:  aelyst sandbox --help",
    ],
  },
]

describe.concurrent("a wrong invocation", () => {
  for (const { name, args, env, inProcess = true, code, stderr } of table) {
    onPosix(`U18 is answered in words: ${name}`, async () => {
      using home = withFiles()
      const base = { AELYST_TOKEN: "sandbox_ok", AELYST_BASE_URL: "http://127.0.0.1:1/v1" }
      const options = { cwd: home.path, env: { HOME: home.path, ...base, ...env } }
      const ended = await (inProcess ? inside(args, options) : aelyst(args, options))
      assert.deepStrictEqual(ended.stderr.replaceAll(home.path, "~").trimEnd().split("\n"), stderr)
      assert.deepStrictEqual([ended.code, ended.stdout], [code, ""])
    })
  }

  it("has at least 60 rows of at most three lines, without a secret", () => {
    assert.isAtLeast(table.length, 60)
    for (const { stderr } of table) {
      assert.isAtMost(stderr.length, 3)
      assert.notInclude(stderr.join(), "canary")
      assert.notMatch(stderr.join(), /zoe/i)
    }
  })
})
