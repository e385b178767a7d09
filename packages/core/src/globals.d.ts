// The web globals that core uses; every platform that runs it has them, and no other may creep in.
declare class TextDecoder {
  decode(input?: Uint8Array, options?: { readonly stream?: boolean }): string
}
declare class TextEncoder {
  encode(input?: string): Uint8Array
}
declare function queueMicrotask(callback: () => void): void
declare function setTimeout(callback: () => void, ms: number): unknown
declare function clearTimeout(timer: unknown): void
declare const performance: { now(): number }
declare const crypto: {
  readonly randomUUID: () => string
  readonly subtle: {
    readonly digest: (algorithm: "SHA-256", data: Uint8Array) => Promise<ArrayBuffer>
  }
}
declare class URL {
  constructor(url: string)
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
interface AbortSignal {
  readonly reason: unknown
}
declare class AbortController {
  readonly signal: AbortSignal
  abort(): void
}
interface FormData {
  get(name: string): unknown
}
interface ReadableStream<A> {
  pipeThrough<B>(transform: { readonly readable: ReadableStream<B> }): ReadableStream<B>
  getReader(): { read(): Promise<{ done: boolean; value?: A }> }
}
type BodyInit = object | string
interface RequestInit {
  readonly method?: string
  readonly headers?: unknown
  readonly body?: BodyInit | null
  readonly redirect?: "manual" | "follow" | "error"
  readonly signal?: AbortSignal
}
interface Response {
  readonly status: number
  readonly url: string
  readonly redirected: boolean
  readonly headers: Iterable<[string, string]> & { getSetCookie?(): Array<string> }
  readonly body?: ReadableStream<Uint8Array> | null
  text(): Promise<string>
  arrayBuffer(): Promise<ArrayBuffer>
  formData(): Promise<FormData>
}
declare function fetch(url: string, init?: RequestInit): Promise<Response>
declare class Blob {
  constructor(parts: ReadonlyArray<Uint8Array>)
  stream(): ReadableStream<Uint8Array>
}
declare class DecompressionStream {
  constructor(format: "gzip")
  readonly readable: ReadableStream<Uint8Array>
}
