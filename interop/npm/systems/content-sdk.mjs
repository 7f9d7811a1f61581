// @sitecore-content-sdk/core: the client credentials flow of Sitecore's SDK. It
// sends what the token must name, and refuses a token that names another.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { claims, settings } from './settings.mjs';

const { auth } = createRequire(import.meta.url)('@sitecore-content-sdk/core/node-tools');
const { client_id: clientId, client_secret: clientSecret } = settings.systems['content-hub-one'];
const authority = settings.url; // the host that all tenants share
const tenantId = settings.content_hub_tenant;

test('a client gets a token that names tenant and organization', async () => {
  const answer = await auth.clientCredentialsFlow({ clientId, clientSecret, organizationId: 'org_shop', tenantId, authority });
  assert.equal(answer.tokenTenantId, tenantId);
  assert.equal(answer.tokenOrgId, 'org_shop');
  assert.equal(answer.data.token_type, 'Bearer');
  assert.equal(answer.data.expires_in, 900);
  assert.equal((await claims('content-hub-one', answer.accessToken)).sub, clientId);
});

test('tenant and organization need not be sent', async () => {
  const answer = await auth.clientCredentialsFlow({ clientId, clientSecret, authority });
  assert.equal(answer.tokenTenantId, tenantId);
});

test('a wrong secret is told as it is documented', async () => {
  await assert.rejects(auth.clientCredentialsFlow({ clientId, clientSecret: 'wrong', organizationId: 'org_shop', tenantId, authority }), { message: 'Unauthorized' });
});

test('another tenant is refused', async () => {
  await assert.rejects(auth.clientCredentialsFlow({ clientId, clientSecret, organizationId: 'org_shop', tenantId: 'another', authority }));
});
