-- Roles that hold somewhere, besides an account's own role, which holds everywhere.
create table role_grant (
    id           uuid primary key,
    subject_kind varchar(8) not null,
    subject      varchar(64) not null,
    role         varchar(16) not null,
    scope_kind   varchar(8) not null,
    scope_id     varchar(40) not null,
    created      timestamp(6) with time zone not null,
    constraint role_grant_once unique (subject_kind, subject, role, scope_kind, scope_id)
);
