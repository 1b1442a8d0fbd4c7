-- What sessions showed, where a pool's policy demands it. Outlives the session and its pool.
create table session_recording (
    id           uuid primary key,
    session_id   uuid not null,
    account_id   uuid not null,
    username     varchar(64) not null,
    pool_id      varchar(40) not null,
    machine_name varchar(40) not null,
    broker       varchar(64) not null,
    started      timestamp(6) with time zone not null,
    ended        timestamp(6) with time zone,
    end_reason   varchar(24),
    bytes        bigint not null
);
create index session_recording_session on session_recording (session_id);
create index session_recording_started on session_recording (started);
