-- What a pool does, as the API shows it (PoolPolicy); and a change of its image version that is under way (Push).
alter table pool add column policy varchar(8000) default '{}' not null;
alter table pool add column push varchar(4000);

-- Whose a machine of a dedicated pool is, whether or not there is a session; one for each user and pool.
alter table machine add column assigned_to uuid;
alter table machine add constraint machine_assigned_once unique (pool_id, assigned_to);
-- Its disk is to be made, though nobody wants its power.
alter table machine add column prepare_wanted boolean default false not null;
-- It tries a pushed version before the others.
alter table machine add column canary boolean default false not null;

-- How much warning a session's user had of its end.
alter table desktop_session add column warned_at timestamp(6) with time zone;
alter table desktop_session add column last_input timestamp(6) with time zone;

-- Operations on golden images and snapshots have a target besides a machine, and tell how far they are.
alter table operation add column image_name varchar(40);
alter table operation add column argument varchar(4000);
alter table operation add column progress integer default 0 not null;
alter table operation add column step varchar(200);
