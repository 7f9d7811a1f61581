-- +goose Up

ALTER TABLE tenants ADD COLUMN dialect_settings text NOT NULL DEFAULT '{}';

-- Which client still calls which endpoint of a dialect.
CREATE TABLE legacy_uses (
    tenant_id     text        COLLATE "C" NOT NULL,
    client_id     text        COLLATE "C" NOT NULL,
    dialect       text        COLLATE "C" NOT NULL,
    method        text        COLLATE "C" NOT NULL,
    path          text        COLLATE "C" NOT NULL,
    count         bigint      NOT NULL,
    first_used_at timestamptz NOT NULL,
    last_used_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, client_id, dialect, method, path),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
