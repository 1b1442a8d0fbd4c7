-- Each host, the broker whose process it is in, and where that answers other brokers.
create table host_registration (
    host           varchar(64) primary key,
    broker         varchar(64) not null,
    address        varchar(500),
    certificate    varchar(100),
    promisable_mib bigint not null,
    seen           timestamp(6) with time zone not null,
    gone           boolean not null,
    full_until     timestamp(6) with time zone
);
