-- Runs unchanged on H2 2.x and PostgreSQL. Promises that must hold whatever the code does are constraints here.

create table installation (
    id          integer primary key,
    owner_label varchar(40) not null,
    constraint installation_only_one check (id = 1)
);

create table account (
    id            uuid primary key,
    username      varchar(64) not null unique,
    display_name  varchar(120) not null,
    role          varchar(16) not null,
    enabled       boolean not null,
    password_hash varchar(255) not null,
    created       timestamp(6) with time zone not null,
    last_login    timestamp(6) with time zone,
    version       bigint not null
);

create table account_group (
    id         uuid primary key,
    account_id uuid not null references account (id) on delete cascade,
    group_name varchar(64) not null,
    constraint account_group_once unique (account_id, group_name)
);

create table sign_in (
    token_hash varchar(64) primary key,
    account_id uuid not null references account (id) on delete cascade,
    created    timestamp(6) with time zone not null,
    last_used  timestamp(6) with time zone not null,
    address    varchar(64) not null
);
create index sign_in_account on sign_in (account_id);

create table login_lock (
    id           varchar(160) primary key,
    failures     integer not null,
    locked_until timestamp(6) with time zone,
    last_failure timestamp(6) with time zone not null
);

create table image (
    name         varchar(40) primary key,
    display_name varchar(120) not null,
    created      timestamp(6) with time zone not null
);

create table image_version (
    id           uuid primary key,
    image_name   varchar(40) not null references image (name),
    number       integer not null,
    state        varchar(16) not null,
    disk         varchar(1024) not null,
    kernel       varchar(1024) not null,
    initrd       varchar(1024) not null,
    command_line varchar(4000) not null,
    changelog    varchar(4000) not null,
    failure      varchar(2000),
    created      timestamp(6) with time zone not null,
    constraint image_version_once unique (image_name, number)
);

create table pool (
    id               varchar(40) primary key,
    display_name     varchar(120) not null,
    description      varchar(1000) not null,
    image_name       varchar(40) not null references image (name),
    image_version    integer not null,
    enabled          boolean not null,
    deleting         boolean not null,
    size             integer not null,
    warm             integer not null,
    memory_mib       integer not null,
    vcpus            integer not null,
    width            integer not null,
    height           integer not null,
    errors           integer not null,
    errors_since     timestamp(6) with time zone,
    restrained_until timestamp(6) with time zone,
    created          timestamp(6) with time zone not null,
    version          bigint not null
);

create table entitlement (
    id      uuid primary key,
    pool_id varchar(40) not null references pool (id) on delete cascade,
    kind    varchar(8) not null,
    subject varchar(64) not null,
    constraint entitlement_once unique (pool_id, kind, subject)
);

create table machine (
    name          varchar(40) primary key,
    pool_id       varchar(40) not null references pool (id),
    number        integer not null,
    host          varchar(64) not null,
    lifecycle     varchar(16) not null,
    power         varchar(16) not null,
    agent         varchar(16) not null,
    generation    bigint not null,
    image_version integer not null,
    power_wanted  boolean not null,
    restart_wanted boolean not null,
    user_id       uuid,
    session_id    uuid unique,
    tainted_by    uuid,
    failure       varchar(2000),
    powered_at    timestamp(6) with time zone,
    changed       timestamp(6) with time zone not null,
    version       bigint not null,
    constraint machine_number_once unique (pool_id, number),
    -- A machine with a session carries its user's mark, which only a refresh takes away.
    constraint machine_session_taints check (session_id is null or (tainted_by is not null and tainted_by = user_id))
);

create table desktop_session (
    id             uuid primary key,
    account_id     uuid not null,
    username       varchar(64) not null,
    pool_id        varchar(40) not null,
    machine_name   varchar(40) not null,
    state          varchar(16) not null,
    started        timestamp(6) with time zone not null,
    ready          timestamp(6) with time zone,
    connected      timestamp(6) with time zone,
    disconnected   timestamp(6) with time zone,
    ended          timestamp(6) with time zone,
    end_reason     varchar(24),
    client_address varchar(64),
    version        bigint not null,
    -- Set while the session lives: one live session per user and pool, and one per machine.
    live_user_key  varchar(120) unique,
    live_machine_key varchar(40) unique
);
create index desktop_session_pool on desktop_session (pool_id, started);

create table queue_place (
    id         bigint generated by default as identity primary key,
    pool_id    varchar(40) not null references pool (id) on delete cascade,
    account_id uuid not null references account (id) on delete cascade,
    username   varchar(64) not null,
    since      timestamp(6) with time zone not null,
    address    varchar(64),
    constraint queue_place_once unique (pool_id, account_id)
);

create table ticket (
    ticket_hash varchar(64) primary key,
    session_id  uuid not null,
    account_id  uuid not null,
    sign_in     varchar(64) not null,
    rights      varchar(32) not null,
    address     varchar(64),
    expires     timestamp(6) with time zone not null
);
create index ticket_session on ticket (session_id);

create table operation (
    id            uuid primary key,
    kind          varchar(16) not null,
    state         varchar(16) not null,
    machine_name  varchar(40) not null,
    pool_id       varchar(40) not null,
    host          varchar(64) not null,
    generation    bigint not null,
    image_version integer not null,
    priority      integer not null,
    attempt       integer not null,
    next_attempt  timestamp(6) with time zone not null,
    lease_owner   varchar(64),
    lease_until   timestamp(6) with time zone,
    failure       varchar(2000),
    created       timestamp(6) with time zone not null,
    finished      timestamp(6) with time zone,
    version       bigint not null,
    -- The machine's name until the operation has ended: one at a time per machine.
    open_key      varchar(40) unique
);
create index operation_due on operation (state, next_attempt);

create table audit_record (
    sequence bigint primary key,
    at       timestamp(6) with time zone not null,
    actor    varchar(64) not null,
    action   varchar(64) not null,
    target   varchar(160) not null,
    outcome  varchar(8) not null,
    detail   varchar(2000) not null,
    address  varchar(64) not null,
    hash     varchar(64) not null
);

create table audit_head (
    id       integer primary key,
    sequence bigint not null,
    hash     varchar(64) not null,
    constraint audit_head_only_one check (id = 1)
);
insert into audit_head (id, sequence, hash)
values (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
