import { Card, CardBody, CardTitle, List, ListComponent, ListItem, OrderType } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useLanguage } from '../../i18n/language';
import { poolQueue } from '../api';

/** Who waits for a machine of the pool, in order. */
export function PoolQueue({ poolId }: { poolId: string }) {
  const { t, date } = useLanguage();
  const query = useQuery({ queryKey: ['pool', 'queue', poolId], queryFn: () => poolQueue(poolId) });
  if (!query.data?.length) return null;
  return (
    <Card>
      <CardTitle component="h2">{t('pools.queued')}</CardTitle>
      <CardBody>
        <List component={ListComponent.ol} type={OrderType.number}>
          {query.data.map((entry) => (
            <ListItem key={entry.username}>
              {entry.username} <span className="oriel-subtle">{t('pools.waitingSince', { time: date(entry.since) })}</span>
            </ListItem>
          ))}
        </List>
      </CardBody>
    </Card>
  );
}
