import { SearchInput } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { AdminPage } from '../admin/AdminPage';
import { UserState } from '../admin/people/UserState';
import { asFailure } from '../api/failure';
import { FailureAlert } from '../app/FailureAlert';
import { useLanguage } from '../i18n/language';
import { findPeople, liveSessions } from './api';
import { SessionState } from './SessionState';

/** One box to find a person. Below it, who is working now. */
export function FindPage() {
  const { t, n, date } = useLanguage();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);

  // PatternFly's field knows no autoFocus.
  useEffect(() => field.current?.focus(), []);

  const search = useDeferredValue(text.trim());
  const people = useQuery({
    queryKey: ['user', 'find', search],
    queryFn: () => findPeople(search),
    enabled: search !== '',
    placeholderData: (before) => before,
  });
  const live = useQuery({ queryKey: ['session', 'live'], queryFn: liveSessions, enabled: search === '' });
  const found = search === '' ? undefined : people.data;
  const failure = search === '' ? live.error : people.error;

  return (
    <AdminPage title={t('helpdesk.title')}>
      <div className="oriel-find">
        <SearchInput
          aria-label={t('helpdesk.find')}
          placeholder={t('helpdesk.find')}
          ref={field}
          value={text}
          onChange={(_, value) => setText(value)}
          onClear={() => setText('')}
          onSearch={() => {
            const first = found?.[0];
            if (first) void navigate(`/helpdesk/${first.username}`);
          }}
          resetButtonLabel={t('action.clear')}
          submitSearchButtonLabel={t('helpdesk.open')}
        />
        <p className="oriel-visually-hidden" role="status">
          {found && n('helpdesk.found', found.length)}
        </p>
      </div>
      {failure && <FailureAlert failure={asFailure(failure)} />}
      {found && (
        <ul className="oriel-people" aria-label={t('helpdesk.results')}>
          {found.length === 0 && <li className="oriel-subtle">{t('helpdesk.nobody', { text: search })}</li>}
          {found.map((user) => (
            <li key={user.id}>
              <Link to={`/helpdesk/${user.username}`}>
                <strong>{user.displayName}</strong> <span className="oriel-subtle">{user.username}</span>
              </Link>
              <UserState user={user} />
            </li>
          ))}
        </ul>
      )}
      {!found && live.data && (
        <section aria-labelledby="helpdesk-live">
          <h2 id="helpdesk-live" className="oriel-subhead">
            {t('helpdesk.live')}
          </h2>
          <ul className="oriel-people">
            {live.data.length === 0 && <li className="oriel-subtle">{t('helpdesk.noneLive')}</li>}
            {live.data.map((session) => (
              <li key={session.id}>
                <Link to={`/helpdesk/${session.username}`}>
                  <strong>{session.username}</strong> <span className="oriel-subtle">{session.machine}</span>
                </Link>
                <span className="oriel-subtle oriel-people__since">{date(session.started)}</span>
                <SessionState session={session} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </AdminPage>
  );
}
