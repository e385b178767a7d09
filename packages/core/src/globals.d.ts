// The web globals that core uses; every platform that runs it has them, and no other may creep in.
declare class TextDecoder {
  decode(input?: Uint8Array, options?: { readonly stream?: boolean }): string
}
declare class TextEncoder {
  encode(input?: string): Uint8Array
}
declare class URL {
  constructor(url: string, base?: string)
  readonly href: string
  readonly protocol: string
  readonly hostname: string
  readonly origin: string
  readonly pathname: string
  readonly username: string
  readonly password: string
  readonly search: string
  readonly hash: string
  static canParse(url: string): boolean
}
