-- +goose Up

-- Who may become whom. A rule goes with each that it names.
CREATE TABLE impersonation_rules (
    id                 TEXT      NOT NULL PRIMARY KEY,
    tenant_id          TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    description        TEXT      NOT NULL,
    description_fold   TEXT      NOT NULL,
    status             TEXT      NOT NULL,
    actor_user         TEXT,
    actor_group        TEXT,
    actor_client       TEXT,
    target_user        TEXT,
    target_group       TEXT,
    require_reason     BOOLEAN   NOT NULL,
    max_lifetime       INTEGER   NOT NULL,
    scopes             TEXT,
    exceed_permissions BOOLEAN   NOT NULL,
    version            INTEGER   NOT NULL,
    created_at         TIMESTAMP NOT NULL,
    updated_at         TIMESTAMP NOT NULL,
    FOREIGN KEY (tenant_id, actor_user) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, actor_group) REFERENCES user_groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, actor_client) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target_user) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target_group) REFERENCES user_groups (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX impersonation_rules_by_tenant ON impersonation_rules (tenant_id, id);
CREATE INDEX impersonation_rules_by_actor_user ON impersonation_rules (tenant_id, actor_user) WHERE actor_user IS NOT NULL;
CREATE INDEX impersonation_rules_by_actor_group ON impersonation_rules (tenant_id, actor_group) WHERE actor_group IS NOT NULL;
CREATE INDEX impersonation_rules_by_actor_client ON impersonation_rules (tenant_id, actor_client) WHERE actor_client IS NOT NULL;
CREATE INDEX impersonation_rules_by_target_user ON impersonation_rules (tenant_id, target_user) WHERE target_user IS NOT NULL;
CREATE INDEX impersonation_rules_by_target_group ON impersonation_rules (tenant_id, target_group) WHERE target_group IS NOT NULL;
