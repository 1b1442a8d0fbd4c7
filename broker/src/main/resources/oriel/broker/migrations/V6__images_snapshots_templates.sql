alter table operation alter column open_key set data type varchar(120);
alter table operation add column begun timestamp(6) with time zone;
alter table operation add column cancel_wanted boolean default false not null;

-- Where a version's files are, if the broker made that folder and nobody else writes there.
alter table image_version add column folder varchar(1024);

create table snapshot (
    id           uuid primary key,
    machine_name varchar(40) not null,
    name         varchar(40) not null,
    label        varchar(120) not null,
    kind         varchar(16) not null,
    state        varchar(16) not null,
    taken_by     varchar(64) not null,
    with_memory  boolean not null,
    parent       varchar(40),
    bytes        bigint not null,
    is_current   boolean not null,
    failure      varchar(2000),
    created      timestamp(6) with time zone not null,
    constraint snapshot_once unique (machine_name, name)
);

-- Warm parents of instant clones. A machine made from one says which.
create table warm_template (
    name          varchar(40) primary key,
    image_name    varchar(40) not null,
    image_version integer not null,
    memory_mib    integer not null,
    vcpus         integer not null,
    width         integer not null,
    height        integer not null,
    host          varchar(64) not null,
    state         varchar(16) not null,
    failure       varchar(2000),
    created       timestamp(6) with time zone not null,
    prepared_ms   bigint
);
alter table machine add column template varchar(40);
