package cmd

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// shapeFlags say what access tokens look like and carry.
type shapeFlags struct {
	TokenFormat *string  `placeholder:"FORMAT" help:"jwt or opaque. Of a client, empty: as its API says."`
	Claim       []string `sep:"none" placeholder:"NAME=VALUE" help:"Claim that is the same in every token, may be repeated. NAME= takes it away."`
	ClaimJSON   []string `name:"claim-json" sep:"none" placeholder:"NAME=JSON" help:"Claim of another type, such as level=3 or beta=true, may be repeated."`
	ClaimFrom   []string `name:"claim-from" sep:"none" placeholder:"NAME=SOURCE" help:"Claim that comes from the user, such as mail=user.email or groups=user.groups, may be repeated."`
}

// claims reads the flags; nil stands for a claim that is taken away.
func (f shapeFlags) claims() (map[string]*tenants.Claim, error) {
	all := map[string]*tenants.Claim{}
	for _, given := range f.Claim {
		name, value, ok := strings.Cut(given, "=")
		if !ok {
			return nil, usage("--claim: write NAME=VALUE")
		}
		if all[name] = nil; value != "" {
			all[name] = &tenants.Claim{Value: value}
		}
	}
	for _, given := range f.ClaimJSON {
		name, text, _ := strings.Cut(given, "=")
		claim := &tenants.Claim{}
		if err := admin.Decode([]byte(text), &claim.Value); err != nil || claim.Value == nil {
			return nil, usage("--claim-json: write NAME=JSON, such as level=3")
		}
		all[name] = claim
	}
	for _, given := range f.ClaimFrom {
		name, from, ok := strings.Cut(given, "=")
		if !ok || from == "" {
			return nil, usage("--claim-from: write NAME=SOURCE")
		}
		all[name] = &tenants.Claim{From: from}
	}
	return all, nil
}

// changeShape adds the given flags to a merge patch. What a claim was before is
// gone: null in a patch takes away.
func (f shapeFlags) changeShape(p change) error {
	p.text("token_format", f.TokenFormat)
	claims, err := f.claims()
	if err != nil || len(claims) == 0 {
		return err
	}
	patch := map[string]any{}
	for name, claim := range claims {
		switch {
		case claim == nil:
			patch[name] = nil
		case claim.From != "":
			patch[name] = map[string]any{"from": claim.From, "value": nil}
		default:
			patch[name] = map[string]any{"value": claim.Value, "from": nil}
		}
	}
	p["claims"] = patch
	return nil
}

// claimsText writes claims in a line.
func claimsText(claims tenants.Claims) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		text := claims[name].From
		if text == "" {
			constant, err := json.Marshal(claims[name].Value)
			if err != nil {
				constant = []byte("?")
			}
			text = string(constant)
		}
		texts = append(texts, name+"="+text)
	}
	return strings.Join(texts, " ")
}
