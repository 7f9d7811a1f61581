-- +goose Up

ALTER TABLE tenants ADD COLUMN login_by_email boolean NOT NULL DEFAULT FALSE;
ALTER TABLE apis ADD COLUMN required_permission text NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN required_permissions text NOT NULL DEFAULT '{}';

CREATE TABLE users (
    tenant_id          text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id                 text COLLATE "C" NOT NULL,
    username           text             NOT NULL,
    username_fold      text COLLATE "C" NOT NULL,
    email              text             NOT NULL,
    email_fold         text COLLATE "C" NOT NULL,
    name               text             NOT NULL,
    name_fold          text COLLATE "C" NOT NULL,
    status             text             NOT NULL,
    password_hash      text             NOT NULL,
    profile            text             NOT NULL,
    service_account_of text COLLATE "C" NOT NULL,
    permissions        text             NOT NULL,
    version            bigint           NOT NULL,
    created_at         timestamptz      NOT NULL,
    updated_at         timestamptz      NOT NULL,
    CONSTRAINT "users.id" PRIMARY KEY (tenant_id, id),
    CONSTRAINT "users.username_fold" UNIQUE (tenant_id, username_fold)
);
CREATE INDEX users_by_email ON users (tenant_id, email_fold) WHERE email_fold <> '';

CREATE TABLE user_groups (
    tenant_id          text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id                 text COLLATE "C" NOT NULL,
    name               text             NOT NULL,
    name_fold          text COLLATE "C" NOT NULL,
    description        text             NOT NULL,
    permissions        text             NOT NULL,
    version            bigint           NOT NULL,
    created_at         timestamptz      NOT NULL,
    updated_at         timestamptz      NOT NULL,
    CONSTRAINT "user_groups.id" PRIMARY KEY (tenant_id, id),
    CONSTRAINT "user_groups.name_fold" UNIQUE (tenant_id, name_fold)
);

CREATE TABLE memberships (
    tenant_id          text COLLATE "C" NOT NULL,
    user_id            text COLLATE "C" NOT NULL,
    group_id           text COLLATE "C" NOT NULL,
    CONSTRAINT "memberships.group_id" PRIMARY KEY (tenant_id, user_id, group_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, group_id) REFERENCES user_groups (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX memberships_by_group ON memberships (tenant_id, group_id, user_id);

CREATE TABLE api_keys (
    id                 text COLLATE "C" NOT NULL CONSTRAINT "api_keys.id" PRIMARY KEY,
    tenant_id          text COLLATE "C" NOT NULL,
    user_id            text COLLATE "C" NOT NULL,
    name               text             NOT NULL,
    name_fold          text COLLATE "C" NOT NULL,
    prefix             text             NOT NULL,
    hint               text             NOT NULL,
    hash               bytea            NOT NULL,
    scopes             text,
    created_at         timestamptz      NOT NULL,
    expires_at         timestamptz,
    last_used_at       timestamptz,
    CONSTRAINT "api_keys.hash" UNIQUE (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX api_keys_by_user ON api_keys (tenant_id, user_id, id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

-- account is the user's id or what stands for a name that nobody has, source
-- where the attempts come from: empty for everywhere that is not known yet.
CREATE TABLE sign_in_attempts (
    tenant_id          text COLLATE "C" NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    account            text COLLATE "C" NOT NULL,
    source             text COLLATE "C" NOT NULL,
    failures           bigint           NOT NULL,
    blocked_until      timestamptz      NOT NULL,
    updated_at         timestamptz      NOT NULL,
    CONSTRAINT "sign_in_attempts.source" PRIMARY KEY (tenant_id, account, source)
);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (updated_at);

-- Clients that were there before service accounts were.
INSERT INTO users (tenant_id, id, username, username_fold, email, email_fold, name, name_fold, status, password_hash,
                   profile, service_account_of, permissions, version, created_at, updated_at)
SELECT tenant_id, 'oauth_' || client_id, 'oauth_' || client_id, 'oauth_' || client_id, '', '', name, name_fold, 'active', '',
       '{}', client_id, '[]', 1, created_at, updated_at
FROM clients;
