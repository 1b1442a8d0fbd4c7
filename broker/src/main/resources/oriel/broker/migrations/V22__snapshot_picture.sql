-- What was on the screen when a snapshot was taken.
create table snapshot_picture (
    snapshot_id uuid primary key references snapshot (id) on delete cascade,
    png         bytea not null
);
