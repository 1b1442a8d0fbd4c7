import { body, http, SAME_SITE } from './client';
import type { components } from '@oriel/contract';
import type { About, ConnectPending, ConnectReady, Desktop, LoginOptions, Me, Session } from './types';

type Health = components['schemas']['Health'];

const header = SAME_SITE;

export const about = (): Promise<About> => body(http.GET('/api/v1/about'));

// Its 401 is the answer to the question, no news.
export const me = (): Promise<Me> => body(http.GET('/api/v1/me'), true);

/** Whether the server serves; "no" is an answer, too. */
export const ready = async (): Promise<Health> => {
  const { data, error } = await http.GET('/health/ready');
  return data ?? error;
};

export const loginOptions = (): Promise<LoginOptions> => body(http.GET('/api/v1/login/options'));

export const login = (username: string, password: string, code?: string): Promise<Me> =>
  body(http.POST('/api/v1/login', { params: { header }, body: { username, password, ...(code && { code }) } }));

/** Where the browser must go to end its session at the identity provider as well, if it came from there. */
export const logout = async (): Promise<string | undefined> =>
  (await body<{ endSession: string } | undefined>(http.POST('/api/v1/logout', { params: { header } })))?.endSession;

export const changePassword = (currentPassword: string, newPassword: string): Promise<unknown> =>
  body(http.POST('/api/v1/me/password', { params: { header }, body: { currentPassword, newPassword } }));

export const desktops = async (): Promise<Desktop[]> => (await body(http.GET('/api/v1/desktops'))).items;

export const connect = (poolId: string): Promise<ConnectReady | ConnectPending> =>
  body(http.POST('/api/v1/desktops/{poolId}/connect', { params: { header, path: { poolId } } }));

export const leaveQueue = (poolId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/desktops/{poolId}/queue', { params: { header, path: { poolId } } }));

export const ticket = (sessionId: string): Promise<ConnectReady> =>
  body(http.POST('/api/v1/sessions/{sessionId}/ticket', { params: { header, path: { sessionId } } }));

export const logoff = (sessionId: string): Promise<Session> =>
  body(http.POST('/api/v1/sessions/{sessionId}/logoff', { params: { header, path: { sessionId } } }));

export const restartDesktop = (sessionId: string): Promise<Session> =>
  body(http.POST('/api/v1/sessions/{sessionId}/restart', { params: { header, path: { sessionId } } }));
