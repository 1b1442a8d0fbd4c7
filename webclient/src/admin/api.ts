import { body, http, SAME_SITE } from '../api/client';
import type { components } from '@oriel/contract';
import type { AuditQuery } from './audit/filter';
import type { AuditRecord, Entitlement, Grant, Host, Image, Machine, Operation, Pool, Session, User } from '../api/types';

type Schemas = components['schemas'];

const header = SAME_SITE;
const PAGE = 50;

export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/** Query parameters of a page; the first one has no cursor. */
function at(cursor: string | undefined): { limit: number; cursor?: string } {
  return cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor };
}

export const users = (q: string, cursor?: string): Promise<Page<User>> =>
  body(http.GET('/api/v1/users', { params: { query: { ...at(cursor), ...(q && { search: q }) } } }));

export const createUser = (user: Schemas['UserCreate']): Promise<Schemas['UserCreated']> =>
  body(http.POST('/api/v1/users', { params: { header }, body: user }));

export const updateUser = (user: User, change: Schemas['UserUpdate']): Promise<User> =>
  body(
    http.PATCH('/api/v1/users/{userId}', {
      params: { header: { ...header, 'If-Match': user.etag }, path: { userId: user.id } },
      body: change,
    }),
  );

export const deleteUser = (userId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/users/{userId}', { params: { header, path: { userId } } }));

export const resetPassword = (userId: string): Promise<Schemas['PasswordResetDone']> =>
  body(http.POST('/api/v1/users/{userId}/password', { params: { header, path: { userId } }, body: {} }));

export const unlockUser = (userId: string): Promise<unknown> =>
  body(http.POST('/api/v1/users/{userId}/unlock', { params: { header, path: { userId } } }));

export const user = (userId: string): Promise<User> =>
  body(http.GET('/api/v1/users/{userId}', { params: { path: { userId } } }));

export const signInsOf = async (userId: string): Promise<Schemas['SignIn'][]> =>
  (await body(http.GET('/api/v1/users/{userId}/sign-ins', { params: { path: { userId } } }))).items;

export const endSignInOf = (userId: string, signInId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/users/{userId}/sign-ins/{signInId}', { params: { header, path: { userId, signInId } } }));

export const removeSecondFactorOf = (userId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/users/{userId}/second-factor', { params: { header, path: { userId } } }));

export const grants = (subject: string, cursor?: string): Promise<Page<Grant>> =>
  body(http.GET('/api/v1/grants', { params: { query: { ...at(cursor), ...(subject && { subject }) } } }));

export const giveRole = (grant: Schemas['GrantCreate']): Promise<Grant> =>
  body(http.POST('/api/v1/grants', { params: { header }, body: grant }));

export const takeRole = (grantId: string): Promise<unknown> =>
  body(http.DELETE('/api/v1/grants/{grantId}', { params: { header, path: { grantId } } }));

export const pools = (cursor?: string): Promise<Page<Pool>> =>
  body(http.GET('/api/v1/pools', { params: { query: at(cursor) } }));

export const pool = (poolId: string): Promise<Pool> =>
  body(http.GET('/api/v1/pools/{poolId}', { params: { path: { poolId } } }));

export const updatePool = (of: Pool, change: Schemas['PoolUpdate']): Promise<Pool> =>
  body(
    http.PATCH('/api/v1/pools/{poolId}', {
      params: { header: { ...header, 'If-Match': of.etag }, path: { poolId: of.id } },
      body: change,
    }),
  );

export const createPool = (pool: Schemas['PoolCreate']): Promise<Pool> =>
  body(http.POST('/api/v1/pools', { params: { header }, body: pool }));

export const deletePool = (poolId: string): Promise<Pool> =>
  body(http.DELETE('/api/v1/pools/{poolId}', { params: { header, path: { poolId } } }));

/** Brings the pool's machines to another version of its image. */
export const pushVersion = (of: Pool, order: Schemas['PushOrder']): Promise<Pool> =>
  body(
    http.POST('/api/v1/pools/{poolId}/push', {
      params: { header: { ...header, 'If-Match': of.etag }, path: { poolId: of.id } },
      body: order,
    }),
  );

export const cancelPush = (poolId: string): Promise<Pool> =>
  body(http.DELETE('/api/v1/pools/{poolId}/push', { params: { header, path: { poolId } } }));

export const poolQueue = async (poolId: string): Promise<Schemas['QueueEntry'][]> =>
  (await body(http.GET('/api/v1/pools/{poolId}/queue', { params: { path: { poolId } } }))).items;

export const poolMachines = (poolId: string, cursor?: string): Promise<Page<Machine>> =>
  body(http.GET('/api/v1/pools/{poolId}/machines', { params: { path: { poolId }, query: at(cursor) } }));

export const entitlements = async (poolId: string): Promise<Entitlement[]> =>
  (await body(http.GET('/api/v1/pools/{poolId}/entitlements', { params: { path: { poolId } } }))).items;

export const entitle = (poolId: string, to: Schemas['EntitlementCreate']): Promise<Entitlement> =>
  body(http.POST('/api/v1/pools/{poolId}/entitlements', { params: { header, path: { poolId } }, body: to }));

export const revoke = (entitlement: Entitlement): Promise<unknown> =>
  body(
    http.DELETE('/api/v1/pools/{poolId}/entitlements/{entitlementId}', {
      params: { header, path: { poolId: entitlement.poolId, entitlementId: entitlement.id } },
    }),
  );

/** As many as a page may have: for lists that are read as a whole. */
const WHOLE = 200;

export const allUsers = (cursor?: string): Promise<Page<User>> =>
  body(http.GET('/api/v1/users', { params: { query: { ...at(cursor), limit: WHOLE } } }));

export const allMachines = (cursor?: string): Promise<Page<Machine>> =>
  body(http.GET('/api/v1/machines', { params: { query: { ...at(cursor), limit: WHOLE } } }));

export const machine = (machineName: string): Promise<Machine> =>
  body(http.GET('/api/v1/machines/{machineName}', { params: { path: { machineName } } }));

export const restartMachine = (machineName: string): Promise<Machine> =>
  body(http.POST('/api/v1/machines/{machineName}/restart', { params: { header, path: { machineName } } }));

export const refreshMachine = (machineName: string): Promise<Machine> =>
  body(http.POST('/api/v1/machines/{machineName}/refresh', { params: { header, path: { machineName } } }));

export const maintainMachine = (machineName: string, enabled: boolean): Promise<Machine> =>
  body(
    http.POST('/api/v1/machines/{machineName}/maintenance', {
      params: { header, path: { machineName } },
      body: { enabled },
    }),
  );

export const sessions = (active: boolean, cursor?: string): Promise<Page<Session>> =>
  body(http.GET('/api/v1/sessions', { params: { query: { ...at(cursor), ...(active && { active }) } } }));

export const images = (cursor?: string): Promise<Page<Image>> =>
  body(http.GET('/api/v1/images', { params: { query: at(cursor) } }));

export const registerImage = (image: Schemas['ImageRegister']): Promise<Image> =>
  body(http.POST('/api/v1/images', { params: { header }, body: image }));

export const deprecateVersion = (imageName: string, version: number): Promise<Image> =>
  body(
    http.POST('/api/v1/images/{imageName}/versions/{version}/deprecate', {
      params: { header, path: { imageName, version } },
    }),
  );

export const buildImage = (imageName: string, build: Schemas['ImageBuild']): Promise<Operation> =>
  body(http.POST('/api/v1/images/{imageName}/build', { params: { header, path: { imageName } }, body: build }));

export const importImage = (imageName: string, source: Schemas['ImageImport']): Promise<Operation> =>
  body(http.POST('/api/v1/images/{imageName}/import', { params: { header, path: { imageName } }, body: source }));

export const publishVersion = (imageName: string, version: number): Promise<Image> =>
  body(
    http.POST('/api/v1/images/{imageName}/versions/{version}/publish', { params: { header, path: { imageName, version } }, body: {} }),
  );

export const deleteVersion = (imageName: string, version: number): Promise<Image> =>
  body(http.DELETE('/api/v1/images/{imageName}/versions/{version}', { params: { header, path: { imageName, version } } }));

export const versionLog = (imageName: string, version: number): Promise<string> =>
  body(
    http.GET('/api/v1/images/{imageName}/versions/{version}/log', { params: { path: { imageName, version } }, parseAs: 'text' }),
  );

export const cancelOperation = (operationId: string): Promise<Operation> =>
  body(http.POST('/api/v1/operations/{operationId}/cancel', { params: { header, path: { operationId } } }));

export interface OperationFilter {
  state?: Operation['state'];
  machine?: string;
}

export const operations = (filter: OperationFilter, cursor?: string): Promise<Page<Operation>> =>
  body(http.GET('/api/v1/operations', { params: { query: { ...at(cursor), ...filter } } }));

export const retryOperation = (operationId: string): Promise<Operation> =>
  body(http.POST('/api/v1/operations/{operationId}/retry', { params: { header, path: { operationId } } }));

export const audit = (query: AuditQuery, cursor?: string): Promise<Page<AuditRecord>> =>
  body(http.GET('/api/v1/audit', { params: { query: { ...at(cursor), ...query } } }));

export const verifyAudit = (): Promise<Schemas['AuditVerification']> => body(http.GET('/api/v1/audit/verify'));

export const hosts = async (): Promise<Host[]> => (await body(http.GET('/api/v1/hosts'))).items;

export const drainHost = (hostName: string, order: Schemas['HostDrain']): Promise<Host> =>
  body(http.POST('/api/v1/hosts/{hostName}/drain', { params: { header, path: { hostName } }, body: order }));

export const resumeHost = (hostName: string): Promise<Host> =>
  body(http.DELETE('/api/v1/hosts/{hostName}/drain', { params: { header, path: { hostName } } }));
