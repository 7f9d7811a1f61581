package cmd

import (
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// examineTenants checks the issuer, the dialects and the signing keys of each tenant. What is
// well is summed up.
func (d *desk) examineTenants() []finding {
	const page = 200
	var findings []finding
	healthy, after := 0, ""
	for {
		some, err := d.db.Tenants(d.ctx, admin.Range{After: after, Limit: page})
		if err != nil {
			return append(findings, finding{"tenants", failed, err.Error(), ""})
		}
		for _, t := range some {
			about := d.examineTenant(t)
			if !slices.ContainsFunc(about, func(f finding) bool { return f.Result != found }) {
				healthy++
			}
			findings = append(findings, about...)
			after = t.Slug
		}
		if len(some) < page {
			break
		}
	}
	if healthy == 0 && len(findings) == 0 {
		return []finding{{"tenants", warned, "there are none", "start `gatehouse serve` once, it makes the operator's tenant"}}
	}
	return append(findings, finding{"tenants", found, count(healthy, "tenant") + " with issuer and signing keys in order", ""})
}

func (d *desk) examineTenant(t tenants.Tenant) []finding {
	var wrong []finding
	if unreached(t, d.settings.PublicURL) {
		wrong = append(wrong, finding{
			"issuer", warned,
			fmt.Sprintf("tenant %s names %s, which is not below %s", t.Slug, t.Issuer, d.settings.PublicURL),
			"correct public_url: an issuer is fixed, and its clients look for its keys there",
		})
	}
	for _, name := range t.Dialects {
		if d.settings.dialects.Lookup(name) == nil {
			wrong = append(wrong, finding{
				"dialects", warned,
				fmt.Sprintf("tenant %s speaks %s, and there is no spec of it here: its endpoints answer 404", t.Slug, name),
				"set dialects_dir as on the other nodes, or name the tenant's dialects anew: gatehouse tenants update " + t.Slug + " --dialect=",
			})
		}
	}
	set, err := d.db.KeySet(d.ctx, t.ID)
	if err != nil {
		return append(wrong, finding{"signing keys", failed, fmt.Sprintf("tenant %s: %v", t.Slug, err), ""})
	}
	if len(set.Keys) == 0 { // the first token makes the first key
		return wrong
	}
	return append(wrong, d.examineKeys(t, set)...)
}

func (d *desk) examineKeys(t tenants.Tenant, set keys.Set) []finding {
	var wrong []finding
	now := d.now()
	for i := range set.Keys {
		key := &set.Keys[i]
		if key.State(now) == keys.Gone || len(key.Sealed) == 0 {
			continue
		}
		if _, err := d.sealer.Open(key.Sealed, keys.PurposeSigningKey, t.ID, key.Kid); err != nil {
			wrong = append(wrong, finding{
				"signing keys", failed, fmt.Sprintf("tenant %s, key %s: %v", t.Slug, key.Kid, err),
				"restore the database, or revoke the key",
			})
		}
	}
	signs, next := keys.SigningKey(set, t.SigningAlg, now), keys.Successor(set, t.SigningAlg, now)
	another := slices.ContainsFunc(set.Keys, func(k keys.Key) bool { return k.State(now) == keys.Active })
	switch {
	case signs == nil && next != nil && another: // the algorithm was changed
		wrong = append(wrong, finding{"signing keys", found, fmt.Sprintf("tenant %s signs %s from %s on, and by its present key until then",
			t.Slug, t.SigningAlg, instant(next.ActiveAt)), ""})
	case signs == nil:
		wrong = append(wrong, finding{
			"signing keys", warned, fmt.Sprintf("tenant %s has no key that signs %s", t.Slug, t.SigningAlg),
			"a running server publishes one: gatehouse keys list --tenant " + t.Slug,
		})
	case next == nil && now.Sub(signs.ActiveAt) > d.settings.RotationPeriod:
		wrong = append(wrong, finding{
			"signing keys", warned,
			fmt.Sprintf("tenant %s signs with key %s for %s, and no successor is published", t.Slug, signs.Kid, rough(now.Sub(signs.ActiveAt).Round(time.Second))),
			"gatehouse keys rotate --tenant " + t.Slug,
		})
	}
	return wrong
}
