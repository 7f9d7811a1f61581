// What the tests are told: where the server is, and who may ask there.
import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';

if (!process.env.GATEHOUSE_TEST_SYSTEMS) throw new Error('set GATEHOUSE_TEST_SYSTEMS, or run: go test ./interop');
export const settings = JSON.parse(process.env.GATEHOUSE_TEST_SYSTEMS);

// claims verifies a token of the tenant that stands for a system.
export async function claims(system, token) {
  const keys = createRemoteJWKSet(new URL(`${settings.url}/t/${system}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(token, keys, { issuer: settings.systems[system].issuer });
  assert.ok(payload.exp > payload.iat);
  return payload;
}
