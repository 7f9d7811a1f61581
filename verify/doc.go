// Package verify is what a Go resource server imports to verify the access
// tokens of Gatehouse: JWTs of RFC 9068, signed by keys that their issuer
// publishes.
//
//	v, err := verify.New(verify.Config{
//		Issuers:   []string{"https://auth.example.com/t/acme"},
//		Audiences: []string{"https://api.acme.example"},
//	})
//	...
//	mux.Handle("GET /orders", v.Require("orders:read")(orders))
//	mux.Handle("GET /catalogue", v.Optional()(catalogue))
//
// It owns the checks of one token (form, type, issuer, audience, times, key,
// signature), the cache of each issuer's keys and key schedule, and the answers
// of RFC 6750. Keys are held per issuer: two issuers with the same kid are never
// mixed.
//
// It never uses a key, a URL or a certificate that a token carries, never asks an
// issuer that is not in [Config.Issuers], never caches the outcome of a
// verification, and never starts a goroutine that outlives one fetch. It does not
// see the revocation of a single token (RFC 7009): whoever needs that asks the
// issuer's introspection endpoint.
//
// # How old an answer may be
//
// While an issuer answers, a key that it revoked is refused at the latest
// [Config.ScheduleMaxAge] after its key schedule lists the key, and at the latest
// [Config.KeysMaxAge] after it leaves the key set; a shared cache on the way that
// sends no Age adds its own time.
//
// An issuer that does not answer within 5 seconds, or not with the right document,
// counts as away for [Config.ScheduleMaxAge] (at least 20 seconds) where that was
// the schedule, and for [Config.KeysMaxAge] (at least 2 minutes) where it was the
// keys. In that time no request whose key is known waits for it. Its last known keys
// keep verifying until they are [Config.KeepKeys] old, and it is asked again beside
// the requests: for the keys 30 seconds after it failed, for the schedule 5 seconds
// after, then less and less often, up to a quarter of ScheduleMaxAge or 30 seconds.
// Requests that come only after that time wait for it, once for all that come
// together and for both documents. Thus the times above hold from when it answers
// again, with the minima of this paragraph.
package verify
