import type { components } from '@oriel/contract';
import { body, http } from '../../api/client';

type Schemas = components['schemas'];

export interface Span {
  from: string;
  until: string;
  pool: string;
}

export type UsageRow = Schemas['UsageRow'];
export type PeakRow = Schemas['PeakRow'];
export type LogonRow = Schemas['LogonRow'];
export type IdleRow = Schemas['IdleRow'];
export type CapacityRow = Schemas['CapacityRow'];
export type SprawlRow = Schemas['SprawlRow'];
export type FailedLoginRow = Schemas['FailedLoginRow'];

function query({ from, until, pool }: Span): { from: string; until: string; pool?: string } {
  return { from, until, ...(pool && { pool }) };
}

export const usage = async (span: Span): Promise<UsageRow[]> =>
  (await body(http.GET('/api/v1/reports/usage', { params: { query: query(span) } }))).items;

export const concurrency = async (span: Span): Promise<PeakRow[]> =>
  (await body(http.GET('/api/v1/reports/concurrency', { params: { query: query(span) } }))).items;

export const logons = async (span: Span): Promise<LogonRow[]> =>
  (await body(http.GET('/api/v1/reports/logons', { params: { query: query(span) } }))).items;

export const idle = async (span: Span): Promise<IdleRow[]> =>
  (await body(http.GET('/api/v1/reports/idle', { params: { query: query(span) } }))).items;

export const capacity = async (span: Span): Promise<CapacityRow[]> =>
  (await body(http.GET('/api/v1/reports/capacity', { params: { query: query(span) } }))).items;

export const sprawl = async (span: Span): Promise<SprawlRow[]> =>
  (await body(http.GET('/api/v1/reports/sprawl', { params: { query: query(span) } }))).items;

export const failedLogins = async (span: Span): Promise<FailedLoginRow[]> =>
  (await body(http.GET('/api/v1/reports/failed-logins', { params: { query: query(span) } }))).items;
