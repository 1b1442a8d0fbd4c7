-- Answers to creating requests, so that a request that is sent again is answered and not done again.
create table idempotent_answer (
    request_key varchar(200) primary key,
    body_hash   varchar(64) not null,
    status      integer not null,
    answer      varchar(100000),
    created     timestamp(6) with time zone not null
);
create index idempotent_answer_created on idempotent_answer (created);

-- Which broker has a session's display, and issued a ticket: another one that starts must not touch them.
alter table desktop_session add column shown_by varchar(64);
alter table ticket add column issued_by varchar(64);
