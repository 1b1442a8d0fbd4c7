import { body, http, SAME_SITE } from '../api/client';
import type { Shadow } from '../api/events';
import type { ConnectReady } from '../api/types';

export type { Shadow } from '../api/events';

const header = SAME_SITE;

export const shadows = async (sessionId: string): Promise<Shadow[]> =>
  (await body(http.GET('/api/v1/sessions/{sessionId}/shadow', { params: { path: { sessionId } } }))).items;

export const shadow = (sessionId: string, shadowId: string): Promise<Shadow> =>
  body(http.GET('/api/v1/sessions/{sessionId}/shadow/{shadowId}', { params: { path: { sessionId, shadowId } } }));

export const askToShadow = (sessionId: string, reason: string): Promise<Shadow> =>
  body(http.POST('/api/v1/sessions/{sessionId}/shadow', { params: { header, path: { sessionId } }, body: { ...(reason && { reason }) } }));

export const answerShadow = ({ sessionId, id }: Shadow, allow: boolean): Promise<Shadow> =>
  body(
    http.POST('/api/v1/sessions/{sessionId}/shadow/{shadowId}/answer', {
      params: { header, path: { sessionId, shadowId: id } },
      body: { allow },
    }),
  );

export const endShadow = ({ sessionId, id }: Pick<Shadow, 'sessionId' | 'id'>): Promise<Shadow> =>
  body(http.DELETE('/api/v1/sessions/{sessionId}/shadow/{shadowId}', { params: { header, path: { sessionId, shadowId: id } } }));

export const shadowTicket = (sessionId: string, shadowId: string): Promise<ConnectReady> =>
  body(http.POST('/api/v1/sessions/{sessionId}/shadow/{shadowId}/ticket', { params: { header, path: { sessionId, shadowId } } }));
