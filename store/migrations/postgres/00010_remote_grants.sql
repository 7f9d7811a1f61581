-- +goose Up

-- Grant types of tenants' own, about which their endpoints decide.
CREATE TABLE remote_grants (
    id             text COLLATE "C" NOT NULL CONSTRAINT "remote_grants.id" PRIMARY KEY,
    tenant_id      text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    grant_type     text COLLATE "C" NOT NULL,
    name           text             NOT NULL,
    name_fold      text COLLATE "C" NOT NULL,
    status         text             NOT NULL,
    endpoint       text             NOT NULL,
    params         text             NOT NULL,
    public_clients boolean          NOT NULL,
    version        bigint           NOT NULL,
    created_at     timestamptz      NOT NULL,
    updated_at     timestamptz      NOT NULL,
    CONSTRAINT "remote_grants.grant_type" UNIQUE (tenant_id, grant_type)
);
