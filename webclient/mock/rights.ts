import type { components } from '@oriel/contract';

type Right = components['schemas']['Right'];
type Role = components['schemas']['Role'];

const HELPDESK: Right[] = [
  'desktop.use', 'session.read', 'session.manage', 'session.message', 'session.shadow', 'user.read', 'user.unlock',
  'pool.read', 'machine.read', 'machine.screen', 'snapshot.read', 'snapshot.restore', 'image.read', 'audit.subject',
  'operation.read',
];

const ADMIN: Right[] = [
  ...HELPDESK, 'user.write', 'role.read', 'role.write', 'pool.write', 'machine.manage', 'snapshot.write',
  'image.write', 'audit.read', 'recording.read', 'recording.delete', 'report.read', 'operation.manage', 'metrics.read', 'host.manage',
];

/** As the broker's Role says; what the mock has no pages for is left out. */
export const RIGHTS: Record<Role, readonly Right[]> = {
  'end-user': ['desktop.use'],
  helpdesk: HELPDESK,
  'pool-admin': ADMIN.filter((right) => !/^(host|user\.(write|unlock)|role|audit|metrics|recording|image\.write|session\.shadow)/.test(right)),
  'image-admin': ['desktop.use', 'image.read', 'image.write', 'pool.read', 'operation.read'],
  auditor: ['desktop.use', ...ADMIN.filter((right) => right.endsWith('.read')), 'audit.subject'],
  admin: ADMIN,
};
