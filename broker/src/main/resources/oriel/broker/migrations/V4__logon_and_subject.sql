-- How long each step of a logon took, in milliseconds; null: not reached yet. Zero: there was nothing to wait for.
alter table desktop_session add column requested timestamp(6) with time zone;
alter table desktop_session add column authenticate_ms bigint;
alter table desktop_session add column claim_ms bigint;
alter table desktop_session add column clone_ms bigint;
alter table desktop_session add column boot_ms bigint;
alter table desktop_session add column first_frame_ms bigint;
create index desktop_session_user on desktop_session (username, started);
create index desktop_session_started on desktop_session (started, id);
create index desktop_session_machine on desktop_session (machine_name, started);

-- The last sign-in of an account, for the logon that follows it.
create table sign_in_timing (
    account_id uuid primary key references account (id) on delete cascade,
    at         timestamp(6) with time zone not null,
    millis     bigint not null
);

-- The user whom an act concerned, when that is neither its actor nor its target.
alter table audit_record add column subject varchar(64) default '' not null;
create index audit_record_subject on audit_record (subject, sequence);
create index audit_record_actor on audit_record (actor, sequence);
create index audit_record_target on audit_record (target, sequence);

create index machine_pool on machine (pool_id, name);
create index machine_user on machine (user_id);
create index operation_created on operation (created, id);
create index operation_machine on operation (machine_name, created);
