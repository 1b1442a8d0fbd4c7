import type { components } from '@oriel/contract';
import { empty, json, page, Refused, type Surroundings } from './answers';

type Schemas = components['schemas'];

/** Recorded sessions: `files` are what a test puts there. */
export class Recordings {
  readonly all: Schemas['Recording'][] = [];
  readonly #files = new Map<string, Uint8Array>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  add(recording: Schemas['Recording'], file: readonly number[]): void {
    this.all.unshift({ ...recording, bytes: file.length });
    this.#files.set(recording.id, Uint8Array.from(file));
  }

  /** Whatever is below /recordings. */
  handle(user: Schemas['User'], method: string, [id, part]: string[], url: URL): Response {
    if (id === undefined) {
      const [session, of] = [url.searchParams.get('session'), url.searchParams.get('user')];
      return json(page(this.all.filter((entry) => (!session || entry.sessionId === session) && (!of || entry.username === of)), url));
    }
    const at = this.all.findIndex((entry) => entry.id === id);
    const found = this.all[at];
    if (!found) throw new Refused(404, 'NOT_FOUND');
    if (method === 'DELETE') {
      this.all.splice(at, 1);
      this.#around.record(user.username, 'recording.delete', id, found.username);
      return empty();
    }
    if (part === undefined) return json(found);
    const offset = Number(url.searchParams.get('offset') ?? 0);
    if (offset === 0) this.#around.record(user.username, 'recording.play', id, found.username);
    const bytes = this.#files.get(id) ?? new Uint8Array();
    return new Response(bytes.slice(offset, offset + Number(url.searchParams.get('length'))), { headers: { 'Content-Type': 'application/octet-stream' } });
  }
}
