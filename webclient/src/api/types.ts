import type { components } from '@oriel/contract';

type Schemas = components['schemas'];

export type About = Schemas['About'];
export type AuditRecord = Schemas['AuditRecord'];
export type ConnectPending = Schemas['ConnectPending'];
export type ConnectReady = Schemas['ConnectReady'];
export type Desktop = Schemas['Desktop'];
export type DesktopState = Schemas['DesktopState'];
export type Entitlement = Schemas['Entitlement'];
export type Grant = Schemas['Grant'];
export type Host = Schemas['Host'];
export type Image = Schemas['Image'];
export type LoginOptions = Schemas['LoginOptions'];
export type Machine = Schemas['Machine'];
export type Me = Schemas['Me'];
export type Operation = Schemas['Operation'];
export type Pool = Schemas['Pool'];
export type Right = Schemas['Right'];
export type Role = Schemas['Role'];
export type Session = Schemas['Session'];
export type Stage = Schemas['Stage'];
export type User = Schemas['User'];
