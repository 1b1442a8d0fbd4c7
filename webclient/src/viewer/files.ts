import { body, http, SAME_SITE } from '../api/client';
import type { components } from '@oriel/contract';

/** As the contract says. */
export const MOST_BYTES = 64 << 20;
const PART_BYTES = 192 << 10;

type Received = components['schemas']['FileReceived'];

function base64(bytes: Uint8Array): string {
  let text = '';
  // Spread over too many arguments breaks the stack.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Where a file is in the desktop. */
export interface Place {
  name: string;
  /** In the person's home. */
  folder: string | undefined;
}

/** Hands a file over to a session's desktop, part by part. */
export async function handOver(
  sessionId: string,
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Place> {
  const id = crypto.randomUUID();
  for (let offset = 0; ; ) {
    const bytes = new Uint8Array(await file.slice(offset, offset + PART_BYTES).arrayBuffer());
    const received: Received = await body(
      http.POST('/api/v1/sessions/{sessionId}/files', {
        params: { header: SAME_SITE, path: { sessionId } },
        body: { id, name: file.name, size: file.size, offset, data: base64(bytes) },
        signal,
      }),
    );
    offset = received.received;
    progress(file.size === 0 ? 1 : offset / file.size);
    if (received.name !== undefined) return { name: received.name, folder: received.folder };
  }
}
