// jose: a resource server verifies access tokens by the tenant's JWKS (RFC 9068).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { accessToken, audience, clientId, issuer, scope, withSignatureBroken } from './settings.mjs';

const keys = createRemoteJWKSet(new URL(`${issuer.href}/.well-known/jwks.json`));
const expected = { issuer: issuer.href, audience, typ: 'at+jwt', algorithms: ['RS256'], requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'] };

test('a token verifies by issuer, audience and type', async () => {
  const { payload, protectedHeader } = await jwtVerify(await accessToken(), keys, expected);
  assert.equal(payload.client_id, clientId);
  assert.equal(payload.sub, clientId);
  assert.equal(payload.scope, scope);
  assert.equal(typeof protectedHeader.kid, 'string');
});

test('two tokens differ in their jti', async () => {
  const [first, second] = await Promise.all([accessToken(), accessToken()]);
  const jti = async (token) => (await jwtVerify(token, keys, expected)).payload.jti;
  assert.notEqual(await jti(first), await jti(second));
});

test('the JWKS holds the key that signed, and nothing private', async () => {
  const { kid } = decodeProtectedHeader(await accessToken());
  const response = await fetch(`${issuer.href}/.well-known/jwks.json`);
  assert.match(response.headers.get('cache-control'), /max-age=\d+/);
  const set = await response.json();
  assert.ok(set.keys.some((key) => key.kid === kid));
  for (const key of set.keys) {
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(secret in key), `${secret} is in the JWKS`);
  }
});

test('a changed signature does not verify', async () => {
  await assert.rejects(jwtVerify(withSignatureBroken(await accessToken()), keys, expected), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
});

for (const [what, other] of Object.entries({
  issuer: { issuer: `${issuer.href}-other` }, audience: { audience: `${audience}/other` }, typ: { typ: 'JWT' },
})) {
  test(`a verifier that expects another ${what} refuses it`, async () => {
    await assert.rejects(jwtVerify(await accessToken(), keys, { ...expected, ...other }), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: { issuer: 'iss', audience: 'aud' }[what] ?? 'typ' });
  });
}
