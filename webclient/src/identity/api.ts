import type { components } from '@oriel/contract';
import { body, http, SAME_SITE } from '../api/client';

type Schemas = components['schemas'];
export type SignIn = Schemas['SignIn'];
export type SecondFactor = Schemas['SecondFactor'];
export type Enrolment = Schemas['SecondFactorEnrolment'];
export type ApiToken = Schemas['ApiToken'];

const header = SAME_SITE;

export const signIns = async (): Promise<SignIn[]> => (await body(http.GET('/api/v1/me/sign-ins'))).items;

export const endSignIn = (signInId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/me/sign-ins/{signInId}', { params: { header, path: { signInId } } }));

export const secondFactor = (): Promise<SecondFactor> => body(http.GET('/api/v1/me/second-factor'));

export const beginSecondFactor = (password: string): Promise<Enrolment> =>
  body(http.POST('/api/v1/me/second-factor', { params: { header }, body: { password } }));

export const confirmSecondFactor = async (code: string): Promise<string[]> =>
  (await body(http.POST('/api/v1/me/second-factor/confirm', { params: { header }, body: { code } }))).recoveryCodes;

export const removeSecondFactor = (password: string): Promise<unknown> =>
  body(http.POST('/api/v1/me/second-factor/remove', { params: { header }, body: { password } }));

export const tokens = async (): Promise<ApiToken[]> => (await body(http.GET('/api/v1/me/tokens'))).items;

export const makeToken = async (name: string, days: number): Promise<string> =>
  (await body(http.POST('/api/v1/me/tokens', { params: { header }, body: { name, days } }))).token;

export const deleteToken = (tokenId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/me/tokens/{tokenId}', { params: { header, path: { tokenId } } }));
