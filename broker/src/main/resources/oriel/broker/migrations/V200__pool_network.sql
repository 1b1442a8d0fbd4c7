-- Each pool has a segment of its own on its hosts' switches.
alter table pool add column vlan integer default 0 not null;
update pool set vlan = (select count(*) from pool other where other.id <= pool.id);
alter table pool add constraint pool_vlan unique (vlan);

-- What is forked from a parent has the devices that the parent had.
alter table warm_template add column network_card boolean default false not null;
