-- People from an identity provider, second factors, tokens for programs, and sign-ins that can be listed.

alter table account alter column password_hash drop not null;
alter table account add column issuer varchar(255);
alter table account add column subject varchar(255);
alter table account add constraint account_external_once unique (issuer, subject);
alter table account add constraint account_can_sign_in check (password_hash is not null or subject is not null);

-- Browsers that are signed in sign in once more: what they are was not noted before.
delete from sign_in;
alter table sign_in add column id uuid not null;
alter table sign_in add column user_agent varchar(200) not null;
alter table sign_in add constraint sign_in_id unique (id);

create table external_sign_in (
    token_hash    varchar(64) primary key references sign_in (token_hash) on delete cascade,
    issuer        varchar(255) not null,
    subject       varchar(255) not null,
    provider_session varchar(255),
    id_token      varchar(8000) not null,
    refresh_token varchar(8000),
    refresh_due   timestamp(6) with time zone
);
create index external_sign_in_subject on external_sign_in (issuer, subject);
create index external_sign_in_due on external_sign_in (refresh_due);

create table oidc_flow (
    state_hash varchar(64) primary key,
    nonce      varchar(64) not null,
    verifier   varchar(255) not null,
    return_to  varchar(500) not null,
    created    timestamp(6) with time zone not null
);

-- A logout token is good for one logout.
create table spent_logout_token (
    id_hash varchar(64) primary key,
    spent   timestamp(6) with time zone not null
);

create table totp (
    account_id uuid primary key references account (id) on delete cascade,
    secret     varchar(200) not null,
    confirmed  boolean not null,
    last_step  bigint not null,
    created    timestamp(6) with time zone not null
);

create table recovery_code (
    code_hash  varchar(64) primary key,
    account_id uuid not null references account (id) on delete cascade
);
create index recovery_code_account on recovery_code (account_id);

create table api_token (
    id         uuid primary key,
    account_id uuid not null references account (id) on delete cascade,
    name       varchar(80) not null,
    token_hash varchar(64) not null unique,
    rights     varchar(1000) not null,
    created    timestamp(6) with time zone not null,
    expires    timestamp(6) with time zone not null,
    last_used  timestamp(6) with time zone,
    last_address varchar(64)
);
create index api_token_account on api_token (account_id);
