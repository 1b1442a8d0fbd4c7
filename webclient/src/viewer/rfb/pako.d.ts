/** The part of pako's port of zlib that decodes a stream piece by piece. */
declare module 'pako/lib/zlib/zstream.js' {
  export default class ZStream {
    input: Uint8Array | null;
    next_in: number;
    avail_in: number;
    output: Uint8Array | null;
    next_out: number;
    avail_out: number;
    msg: string;
  }
}

declare module 'pako/lib/zlib/inflate.js' {
  import type ZStream from 'pako/lib/zlib/zstream.js';
  export function inflateInit(stream: ZStream): number;
  export function inflateReset(stream: ZStream): number;
  export function inflate(stream: ZStream, flush: number): number;
}
