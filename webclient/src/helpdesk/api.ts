import type { components } from '@oriel/contract';
import { body, http, SAME_SITE } from '../api/client';
import type { AuditRecord, Session, User } from '../api/types';

type Schemas = components['schemas'];

export type Person = Schemas['Person'];
export type Logon = Schemas['Logon'];

const header = SAME_SITE;
const FEW = 20;

export const findPeople = async (search: string): Promise<User[]> =>
  (await body(http.GET('/api/v1/users', { params: { query: { search, limit: FEW } } }))).items;

export const person = (userId: string): Promise<Person> =>
  body(http.GET('/api/v1/users/{userId}/overview', { params: { path: { userId } } }));

export const personAudit = async (userId: string): Promise<AuditRecord[]> =>
  (await body(http.GET('/api/v1/users/{userId}/audit', { params: { path: { userId }, query: { limit: FEW / 2 } } }))).items;

export const liveSessions = async (): Promise<Session[]> =>
  (await body(http.GET('/api/v1/sessions', { params: { query: { active: true, limit: FEW } } }))).items;

/** Answers on how many open pages of theirs it is shown. */
export const sendMessage = async (sessionId: string, message: Schemas['MessageCreate']): Promise<number> =>
  (await body(http.POST('/api/v1/sessions/{sessionId}/message', { params: { header, path: { sessionId } }, body: message }))).pages;

export const disconnect = (sessionId: string): Promise<Session> =>
  body(http.POST('/api/v1/sessions/{sessionId}/disconnect', { params: { header, path: { sessionId } } }));
