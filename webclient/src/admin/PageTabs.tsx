import { useEffect, useRef } from 'react';
import { Link } from 'react-router';

interface Props<K extends string> {
  label: string;
  tabs: readonly { key: K; title: string; path: string }[];
  active: K;
}

/** Parts of an object's page; each has an address of its own, so that it can be linked and gone back to. */
export function PageTabs<K extends string>({ label, tabs, active }: Props<K>) {
  const list = useRef<HTMLUListElement>(null);
  // In a narrow window not all fit: the one that is open is in sight.
  useEffect(() => {
    list.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [active]);
  return (
    <nav aria-label={label}>
      <ul ref={list} className="oriel-tabs">
        {tabs.map(({ key, title, path }) => (
          <li key={key}>
            <Link to={path} aria-current={key === active ? 'page' : undefined}>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
