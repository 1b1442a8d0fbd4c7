-- A machine on the disk of a golden image's version, in which an administrator works: one for an image.
create table maintenance_machine (
    image_name    varchar(40) primary key references image (name),
    id            uuid not null unique,
    name          varchar(40) not null unique,
    base_version  integer not null,
    host          varchar(64) not null,
    state         varchar(16) not null,
    memory_mib    integer not null,
    vcpus         integer not null,
    seal_to       integer,
    identity_gone boolean not null,
    opened_by     varchar(64) not null,
    failure       varchar(2000),
    created       timestamp(6) with time zone not null,
    changed       timestamp(6) with time zone not null,
    version       bigint not null
);

-- The golden image that a ticket opens the maintenance machine of; null for sessions.
alter table ticket add column image_name varchar(40);
