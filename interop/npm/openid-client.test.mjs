// openid-client (v6): a certified client discovers the tenant and gets tokens.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as client from 'openid-client';
import { audience, clientId, clientSecret, issuer, scope, ungrantedScope } from './settings.mjs';

const discover = (algorithm, authentication, secret = clientSecret) =>
  client.discovery(issuer, clientId, undefined, authentication(secret), {
    algorithm,
    execute: [client.allowInsecureRequests], // plain http, on the loopback
  });

const authentications = { basic: client.ClientSecretBasic, post: client.ClientSecretPost };

for (const algorithm of ['oidc', 'oauth2']) {
  describe(`metadata found as ${algorithm}`, () => {
    test('names the issuer that it was asked for', async () => {
      const config = await discover(algorithm, client.ClientSecretBasic);
      assert.equal(config.serverMetadata().issuer, issuer.href);
      assert.ok(config.serverMetadata().grant_types_supported.includes('client_credentials'));
    });

    for (const [name, authentication] of Object.entries(authentications)) {
      test(`a client that sends its secret by ${name} gets a token`, async () => {
        const config = await discover(algorithm, authentication);
        const tokens = await client.clientCredentialsGrant(config, { audience, scope });
        assert.equal(tokens.token_type, 'bearer');
        assert.equal(tokens.access_token.split('.').length, 3);
        assert.ok(tokens.expires_in > 0);
      });
    }
  });
}

for (const [name, authentication] of Object.entries(authentications)) {
  test(`a wrong secret by ${name} is invalid_client`, async () => {
    const config = await discover('oauth2', authentication, `${clientSecret.slice(0, -1)}~`);
    let refused;
    await assert.rejects(client.clientCredentialsGrant(config, { audience, scope }), (error) => {
      // This library makes an error of its own of a 401 with WWW-Authenticate.
      assert.equal(error.code, 'OAUTH_WWW_AUTHENTICATE_CHALLENGE');
      assert.equal(error.status, 401);
      assert.equal(error.cause[0].scheme, 'basic');
      refused = error.response;
      return true;
    });
    assert.equal((await refused.json()).error, 'invalid_client');
  });
}

test('the resource parameter (RFC 8707) names the audience too', async () => {
  const config = await discover('oauth2', client.ClientSecretBasic);
  const tokens = await client.clientCredentialsGrant(config, { resource: audience, scope });
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url'));
  assert.deepEqual([claims.aud].flat(), [audience]);
});

test('a scope that the client may not have is invalid_scope', async () => {
  const config = await discover('oauth2', client.ClientSecretBasic);
  await assert.rejects(client.clientCredentialsGrant(config, { audience, scope: ungrantedScope }), (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.error, 'invalid_scope');
    return true;
  });
});
