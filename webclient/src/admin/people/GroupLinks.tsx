import { Link } from 'react-router';

/** Groups by name, each with a link to its page. */
export function GroupLinks({ groups }: { groups: readonly string[] }) {
  if (groups.length === 0) return '–';
  return groups.map((group, i) => (
    <span key={group}>
      {i > 0 && ', '}
      <Link to={`/admin/groups/${encodeURIComponent(group)}`}>{group}</Link>
    </span>
  ));
}
