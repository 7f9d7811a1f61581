-- +goose Up

-- Who may become whom. A rule goes with each that it names.
CREATE TABLE impersonation_rules (
    id                 text COLLATE "C" NOT NULL CONSTRAINT "impersonation_rules.id" PRIMARY KEY,
    tenant_id          text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    description        text             NOT NULL,
    description_fold   text COLLATE "C" NOT NULL,
    status             text             NOT NULL,
    actor_user         text COLLATE "C",
    actor_group        text COLLATE "C",
    actor_client       text COLLATE "C",
    target_user        text COLLATE "C",
    target_group       text COLLATE "C",
    require_reason     boolean          NOT NULL,
    max_lifetime       bigint           NOT NULL,
    scopes             text,
    exceed_permissions boolean          NOT NULL,
    version            bigint           NOT NULL,
    created_at         timestamptz      NOT NULL,
    updated_at         timestamptz      NOT NULL,
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
