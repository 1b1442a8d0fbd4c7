/** What narrows the audit trail; empty is anything. */
export interface AuditFilter {
  actor: string;
  action: string;
  target: string;
  subject: string;
  outcome: '' | 'OK' | 'REFUSED' | 'FAILED';
  /** Days, as "2026-11-22", both included. */
  from: string;
  until: string;
}

export const TEXTS = ['actor', 'action', 'target', 'subject'] as const;
export const OUTCOMES = ['OK', 'REFUSED', 'FAILED'] as const;
const DAY_MS = 86_400_000;

export function filterFrom(params: URLSearchParams): AuditFilter {
  const text = (key: string): string => params.get(key)?.trim() ?? '';
  return {
    actor: text('actor'),
    action: text('action'),
    target: text('target'),
    subject: text('subject'),
    outcome: OUTCOMES.find((outcome) => outcome === text('outcome')) ?? '',
    from: text('from'),
    until: text('until'),
  };
}

/** The beginning of a day here, or of the one after it. */
function moment(day: string, later = 0): string | undefined {
  const at = Date.parse(`${day}T00:00:00`);
  return Number.isNaN(at) ? undefined : new Date(at + later).toISOString();
}

export type AuditQuery = Partial<Record<'actor' | 'action' | 'target' | 'subject' | 'from' | 'until', string>> & { outcome?: 'OK' | 'REFUSED' | 'FAILED' };

/** As the API wants it: what is empty is absent. */
export function auditQuery({ from, until, outcome, ...texts }: AuditFilter): AuditQuery {
  const [begin, end] = [moment(from), moment(until, DAY_MS)];
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== '')),
    ...(outcome && { outcome }),
    ...(begin && { from: begin }),
    ...(end && { until: end }),
  };
}

export function exportAddress(filter: AuditFilter, format: 'jsonl' | 'syslog'): string {
  return `/api/v1/audit/export?${new URLSearchParams({ format, ...auditQuery(filter) }).toString()}`;
}
