-- +goose Up

ALTER TABLE tenants ADD COLUMN dialect_settings TEXT NOT NULL DEFAULT '{}';

-- Which client still calls which endpoint of a dialect.
CREATE TABLE legacy_uses (
    tenant_id     TEXT      NOT NULL,
    client_id     TEXT      NOT NULL,
    dialect       TEXT      NOT NULL,
    method        TEXT      NOT NULL,
    path          TEXT      NOT NULL,
    count         INTEGER   NOT NULL,
    first_used_at TIMESTAMP NOT NULL,
    last_used_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, client_id, dialect, method, path),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
