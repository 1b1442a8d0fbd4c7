/** Where a recording's bytes come from: a file on this computer, or one on the server. */
export interface Source {
  size: number;
  /** Exactly these bytes; rejects if they can't be had. */
  read: (from: number, length: number) => Promise<ArrayBuffer>;
}

/** Bytes for a decoder of RFB. */
export interface Chunk {
  /** Milliseconds since the recording's start. */
  at: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A place where playing may start: the records up to the next one are an RFB session that is complete in itself. */
export interface Segment {
  at: number;
  from: number;
  to: number;
}

export class NotARecording extends Error {}

// The format is described in docs/displayd.md, "Recording". All numbers are big-endian.
const HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 8;
const INDEX_ENTRY_BYTES = 12;
const TRAILER_BYTES = 16;
const HEADER_MAGIC = 'OrielRec';
const TRAILER_MAGIC = 'OrielIdx';
const VERSION = 1;
const SEGMENT = 'K'.charCodeAt(0);
const DATA = 'D'.charCodeAt(0);
const INDEX = 'I'.charCodeAt(0);
/** Of a file without index, so much is read at once to find its records. */
const SCAN_BYTES = 1 << 20;

interface RecordHeader {
  kind: number;
  length: number;
  at: number;
}

function header(view: DataView, offset: number): RecordHeader {
  const first = view.getUint32(offset);
  return { kind: first >>> 24, length: first & 0xffffff, at: view.getUint32(offset + 4) };
}

function text(view: DataView, offset: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, 8));
}

/** A file on this computer. */
export function fileSource(file: Blob): Source {
  return { size: file.size, read: (from, length) => file.slice(from, from + length).arrayBuffer() };
}

/** A recorded session: what can be played, and from where. */
export class Recording {
  private constructor(
    private readonly source: Source,
    /** When it began. */
    readonly start: Date,
    readonly segments: readonly Segment[],
    /** Milliseconds up to the last change. */
    readonly duration: number,
  ) {}

  /** Reads what there is to know before playing. Rejects with NotARecording if it is something else. */
  static async open(source: Source): Promise<Recording> {
    if (source.size < HEADER_BYTES + RECORD_HEADER_BYTES) throw new NotARecording();
    const head = new DataView(await source.read(0, HEADER_BYTES));
    if (text(head, 0) !== HEADER_MAGIC || head.getUint32(8) !== VERSION) throw new NotARecording();
    const start = new Date(Number(head.getBigUint64(16)));
    const { segments, duration } = (await fromIndex(source)) ?? (await fromRecords(source));
    if (segments.length === 0) throw new NotARecording();
    return new Recording(source, start, segments, duration);
  }

  /** The segment from which a moment is reached. */
  segmentAt(at: number): number {
    const after = this.segments.findIndex((segment) => segment.at > at);
    return Math.max(0, (after < 0 ? this.segments.length : after) - 1);
  }

  /** All of a segment, in order of time. */
  async chunks(index: number): Promise<Chunk[]> {
    const segment = this.segments[index];
    if (segment === undefined) return [];
    const bytes = await this.source.read(segment.from, segment.to - segment.from);
    const view = new DataView(bytes);
    const chunks: Chunk[] = [];
    let offset = 0;
    while (offset + RECORD_HEADER_BYTES <= bytes.byteLength) {
      const { kind, length, at } = header(view, offset);
      offset += RECORD_HEADER_BYTES;
      const expected = chunks.length === 0 ? SEGMENT : DATA;
      if (kind !== expected || offset + length > bytes.byteLength) break;
      chunks.push({ at, bytes: new Uint8Array(bytes, offset, length) });
      offset += length;
    }
    return chunks;
  }
}

interface Contents {
  segments: Segment[];
  duration: number;
}

async function fromIndex(source: Source): Promise<Contents | undefined> {
  const end = source.size - TRAILER_BYTES;
  const trailer = new DataView(await source.read(end, TRAILER_BYTES));
  if (text(trailer, 8) !== TRAILER_MAGIC) return undefined;
  const position = Number(trailer.getBigUint64(0));
  if (position < HEADER_BYTES || position + RECORD_HEADER_BYTES > end) return undefined;
  const view = new DataView(await source.read(position, end - position));
  const { kind, length, at } = header(view, 0);
  if (kind !== INDEX || RECORD_HEADER_BYTES + length !== view.byteLength || length % INDEX_ENTRY_BYTES !== 0) {
    return undefined;
  }
  const segments: Segment[] = [];
  for (let i = 0; i < length / INDEX_ENTRY_BYTES; i++) {
    const entry = RECORD_HEADER_BYTES + i * INDEX_ENTRY_BYTES;
    segments.push({ at: view.getUint32(entry), from: Number(view.getBigUint64(entry + 4)), to: position });
  }
  return sensible(segments, position) ? { segments: closed(segments, position), duration: at } : undefined;
}

function sensible(segments: readonly Segment[], end: number): boolean {
  return segments.every(({ at, from }, i) => {
    const before = segments[i - 1];
    return from >= HEADER_BYTES && from < end && (before === undefined || (from > before.from && at >= before.at));
  });
}

/** Each segment ends where the next begins. */
function closed(segments: readonly Segment[], end: number): Segment[] {
  return segments.map((segment, i) => ({ ...segment, to: segments[i + 1]?.from ?? end }));
}

/** Its writer was killed: the records say what the index would. */
async function fromRecords(source: Source): Promise<Contents> {
  const segments: Segment[] = [];
  let duration = 0;
  let position = HEADER_BYTES;
  let windowFrom = 0;
  let window = new DataView(new ArrayBuffer(0));
  while (position + RECORD_HEADER_BYTES <= source.size) {
    if (position < windowFrom || position + RECORD_HEADER_BYTES > windowFrom + window.byteLength) {
      windowFrom = position;
      window = new DataView(await source.read(position, Math.min(SCAN_BYTES, source.size - position)));
    }
    const { kind, length, at } = header(window, position - windowFrom);
    const end = position + RECORD_HEADER_BYTES + length;
    if ((kind !== SEGMENT && kind !== DATA) || end > source.size) break;
    if (kind === SEGMENT) segments.push({ at, from: position, to: end });
    duration = at;
    position = end;
  }
  return { segments: closed(segments, position), duration };
}
