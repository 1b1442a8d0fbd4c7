import type { components } from '@oriel/contract';
import { body, http, SAME_SITE } from '../api/client';
import type { Source } from '../viewer/recording/recording';

/** What a session showed, in a file of the server. */
export type SessionRecording = components['schemas']['Recording'];

export interface RecordingQuery {
  session?: string;
  user?: string;
  pool?: string;
}

export const recordings = (query: RecordingQuery, cursor?: string): Promise<{ items: SessionRecording[]; nextCursor?: string }> =>
  body(http.GET('/api/v1/recordings', { params: { query: { ...query, limit: 50, ...(cursor !== undefined && { cursor }) } } }));

export const recording = (recordingId: string): Promise<SessionRecording> =>
  body(http.GET('/api/v1/recordings/{recordingId}', { params: { path: { recordingId } } }));

export const deleteRecording = (recordingId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/recordings/{recordingId}', { params: { header: SAME_SITE, path: { recordingId } } }));

/** The most that the server gives at once. */
const PART_BYTES = 4 << 20;

/** The server's file, read where it is played. */
export function serverSource({ id, bytes = 0 }: SessionRecording): Source {
  const part = (offset: number, length: number): Promise<ArrayBuffer> =>
    body(
      http.GET('/api/v1/recordings/{recordingId}/content', {
        params: { path: { recordingId: id }, query: { offset, length } },
        parseAs: 'arrayBuffer',
      }),
    );
  return {
    size: bytes,
    read: async (from, length) => {
      const whole = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const read = new Uint8Array(await part(from + at, Math.min(PART_BYTES, length - at)));
        if (read.length === 0) throw new Error('the recording is shorter than it was');
        whole.set(read, at);
        at += read.length;
      }
      return whole.buffer;
    },
  };
}
