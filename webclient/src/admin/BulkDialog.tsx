import { Button, List, ListItem, Modal, ModalBody, ModalFooter, ModalHeader, Progress } from '@patternfly/react-core';
import { useRef, useState } from 'react';
import { asFailure } from '../api/failure';
import { explain } from '../app/explain';
import { useLanguage } from '../i18n/language';

export interface BulkAct {
  title: string;
  /** What will be lost. */
  text: string;
  confirm: string;
  names: readonly string[];
  act: (name: string) => Promise<unknown>;
}

/** So many requests at once: quick enough for thousands, and leaves the broker room for other people. */
const AT_ONCE = 4;
const NAMES_SHOWN = 8;

/** Does one thing to many objects, and says of each that failed why. */
export function BulkDialog({ bulk, close }: { bulk: BulkAct; close: () => void }) {
  const language = useLanguage();
  const { t, n } = language;
  const [state, setState] = useState<'asking' | 'running' | 'done'>('asking');
  const [done, setDone] = useState(0);
  const [failures, setFailures] = useState<readonly { name: string; why: string }[]>([]);
  const stopped = useRef(false);

  const run = async (): Promise<void> => {
    setState('running');
    const queue = [...bulk.names];
    const work = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined && !stopped.current; name = queue.shift()) {
        const current = name;
        try {
          await bulk.act(current);
        } catch (error) {
          const { title, help } = explain(asFailure(error), language);
          setFailures((before) => [...before, { name: current, why: `${title}. ${help}` }]);
        }
        setDone((before) => before + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    setState('done');
  };

  const stop = (): void => {
    stopped.current = true;
    if (state !== 'running') close();
  };

  return (
    <Modal isOpen variant="medium" onClose={stop} aria-labelledby="bulk-title" aria-describedby="bulk-text">
      <ModalHeader title={bulk.title} labelId="bulk-title" {...(state === 'asking' && { titleIconVariant: 'warning' as const })} />
      <ModalBody id="bulk-text">
        {state === 'asking' ? (
          <>
            <p>{bulk.text}</p>
            <p className="oriel-subtle oriel-bulk__names">
              {bulk.names.slice(0, NAMES_SHOWN).join(', ')}
              {bulk.names.length > NAMES_SHOWN && ` ${n('bulk.more', bulk.names.length - NAMES_SHOWN)}`}
            </p>
          </>
        ) : (
          <>
            <Progress
              value={(100 * done) / bulk.names.length}
              title={t('bulk.progress', { done, all: bulk.names.length })}
              {...(failures.length > 0 ? { variant: 'warning' as const } : state === 'done' && { variant: 'success' as const })}
            />
            {failures.length > 0 && (
              <div role="alert">
                <p>{n('bulk.failed', failures.length)}</p>
                <List isPlain className="oriel-bulk__failures">
                  {failures.map(({ name, why }) => (
                    <ListItem key={name}>
                      <strong>{name}</strong>: {why}
                    </ListItem>
                  ))}
                </List>
              </div>
            )}
          </>
        )}
      </ModalBody>
      <ModalFooter>
        {state === 'asking' && (
          <Button variant="danger" onClick={() => void run()}>
            {bulk.confirm}
          </Button>
        )}
        <Button variant={state === 'done' ? 'primary' : 'link'} onClick={stop}>
          {t(state === 'done' ? 'action.close' : state === 'running' ? 'bulk.stop' : 'action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
