-- Tells an image that was built again in the same place from the one that was registered.
alter table image_version add column fingerprint varchar(64) default '' not null;
