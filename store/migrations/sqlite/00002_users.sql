-- +goose Up

ALTER TABLE tenants ADD COLUMN login_by_email BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE apis ADD COLUMN required_permission TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN required_permissions TEXT NOT NULL DEFAULT '{}';

CREATE TABLE users (
    tenant_id          TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id                 TEXT      NOT NULL,
    username           TEXT      NOT NULL,
    username_fold      TEXT      NOT NULL,
    email              TEXT      NOT NULL,
    email_fold         TEXT      NOT NULL,
    name               TEXT      NOT NULL,
    name_fold          TEXT      NOT NULL,
    status             TEXT      NOT NULL,
    password_hash      TEXT      NOT NULL,
    profile            TEXT      NOT NULL,
    service_account_of TEXT      NOT NULL,
    permissions        TEXT      NOT NULL,
    version            INTEGER   NOT NULL,
    created_at         TIMESTAMP NOT NULL,
    updated_at         TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, username_fold)
);
CREATE INDEX users_by_email ON users (tenant_id, email_fold) WHERE email_fold <> '';

CREATE TABLE user_groups (
    tenant_id   TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id          TEXT      NOT NULL,
    name        TEXT      NOT NULL,
    name_fold   TEXT      NOT NULL,
    description TEXT      NOT NULL,
    permissions TEXT      NOT NULL,
    version     INTEGER   NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name_fold)
);

CREATE TABLE memberships (
    tenant_id TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    group_id  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, group_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, group_id) REFERENCES user_groups (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX memberships_by_group ON memberships (tenant_id, group_id, user_id);

CREATE TABLE api_keys (
    id           TEXT      NOT NULL PRIMARY KEY,
    tenant_id    TEXT      NOT NULL,
    user_id      TEXT      NOT NULL,
    name         TEXT      NOT NULL,
    name_fold    TEXT      NOT NULL,
    prefix       TEXT      NOT NULL,
    hint         TEXT      NOT NULL,
    hash         BLOB      NOT NULL,
    scopes       TEXT,
    created_at   TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP,
    last_used_at TIMESTAMP,
    UNIQUE (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX api_keys_by_user ON api_keys (tenant_id, user_id, id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

-- account is the user's id or what stands for a name that nobody has, source
-- where the attempts come from: empty for everywhere that is not known yet.
CREATE TABLE sign_in_attempts (
    tenant_id     TEXT      NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    account       TEXT      NOT NULL,
    source        TEXT      NOT NULL,
    failures      INTEGER   NOT NULL,
    blocked_until TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant_id, account, source)
);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (updated_at);

-- Clients that were there before service accounts were.
INSERT INTO users (tenant_id, id, username, username_fold, email, email_fold, name, name_fold, status, password_hash,
                   profile, service_account_of, permissions, version, created_at, updated_at)
SELECT tenant_id, 'oauth_' || client_id, 'oauth_' || client_id, 'oauth_' || client_id, '', '', name, name_fold, 'active', '',
       '{}', client_id, '[]', 1, created_at, updated_at
FROM clients;
