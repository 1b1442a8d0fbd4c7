-- A host that takes no new sessions, because it is about to be stopped.
create table host_drain (
    host    varchar(64) primary key,
    since   timestamp(6) with time zone not null,
    ordered_by varchar(64) not null,
    stop    boolean not null
);
