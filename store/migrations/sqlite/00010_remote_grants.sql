-- +goose Up

-- Grant types of tenants' own, about which their endpoints decide.
CREATE TABLE remote_grants (
    id             TEXT      NOT NULL PRIMARY KEY,
    tenant_id      TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    grant_type     TEXT      NOT NULL,
    name           TEXT      NOT NULL,
    name_fold      TEXT      NOT NULL,
    status         TEXT      NOT NULL,
    endpoint       TEXT      NOT NULL,
    params         TEXT      NOT NULL,
    public_clients BOOLEAN   NOT NULL,
    version        INTEGER   NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    updated_at     TIMESTAMP NOT NULL,
    UNIQUE (tenant_id, grant_type)
);
