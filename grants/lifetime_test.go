package grants_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// way are the lifetimes that are set, in the order in which they count.
type way struct {
	grant                int
	client, api, dialect tenants.Lifetime
	tenant               tenants.Lifetime
}

func (w way) effective() grants.Lifetime {
	return grants.EffectiveLifetime(
		&tenants.Tenant{Lifetime: w.tenant},
		&tenants.Client{Lifetime: w.client, Lifetimes: map[string]int{"password": 7, "client_credentials": w.grant}},
		&tenants.API{Lifetime: w.api}, "client_credentials",
		oauth.Profile{DefaultLifetime: w.dialect.Default, MaxLifetime: w.dialect.Max})
}

func TestEffectiveLifetime(t *testing.T) {
	type l = tenants.Lifetime
	for name, test := range map[string]struct {
		way       way
		seconds   int
		decided   string
		capped    string
		ceiling   int
		ceilingBy string
	}{
		"nothing set":                         {way{}, 900, "platform", "", 900, "platform"},
		"the grant first":                     {way{grant: 60, client: l{Default: 70}, tenant: l{Default: 80}}, 60, "client_grant", "", 60, "client_grant"},
		"then the client":                     {way{client: l{Default: 70}, api: l{Default: 75}}, 70, "client", "", 70, "client"},
		"then the API":                        {way{api: l{Default: 75}, dialect: l{Default: 77}}, 75, "api", "", 75, "api"},
		"then the dialect":                    {way{dialect: l{Default: 77}, tenant: l{Default: 80}}, 77, "dialect", "", 77, "dialect"},
		"then the tenant":                     {way{tenant: l{Default: 80}}, 80, "tenant", "", 80, "tenant"},
		"a maximum further on caps":           {way{grant: 600, tenant: l{Max: 300}}, 300, "client_grant", "tenant", 300, "tenant"},
		"a maximum before caps":               {way{client: l{Max: 300}, tenant: l{Default: 600}}, 300, "tenant", "client", 300, "client"},
		"the least maximum caps":              {way{grant: 600, client: l{Max: 500}, api: l{Max: 200}, tenant: l{Max: 300}}, 200, "client_grant", "api", 200, "api"},
		"a maximum further on lets nobody":    {way{grant: 60, tenant: l{Max: 3600}}, 60, "client_grant", "", 60, "client_grant"},
		"a maximum of its own lets more":      {way{client: l{Default: 60, Max: 3600}}, 60, "client", "", 3600, "client"},
		"one of the dialect's own":            {way{dialect: l{Default: 1800, Max: 86400}}, 1800, "dialect", "", 86400, "dialect"},
		"which others still cap":              {way{dialect: l{Default: 1800, Max: 86400}, tenant: l{Max: 7200}}, 1800, "dialect", "", 7200, "tenant"},
		"one before it lets more":             {way{client: l{Max: 3600}, tenant: l{Default: 60}}, 60, "tenant", "", 3600, "client"},
		"a maximum beyond the platform's":     {way{tenant: l{Default: 100_000, Max: 200_000}}, 86400, "tenant", "platform", 86400, "platform"},
		"a tenant's maximum and no default":   {way{tenant: l{Max: 3600}}, 900, "platform", "", 3600, "tenant"},
		"a tenant's maximum below everything": {way{tenant: l{Max: 30}}, 30, "platform", "tenant", 30, "tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.way.effective()
			if got.Seconds != test.seconds || got.DecidedBy != test.decided || got.CappedBy != test.capped {
				t.Errorf("%d s, decided by %s, capped by %q", got.Seconds, got.DecidedBy, got.CappedBy)
			}
			if got.Ceiling != test.ceiling || got.CeilingBy != test.ceilingBy {
				t.Errorf("ceiling %d s, by %s", got.Ceiling, got.CeilingBy)
			}
			if len(got.Chain) != 6 || got.Chain[0].Default != test.way.grant || got.Chain[2].Lifetime != test.way.api || got.Chain[4].Lifetime != test.way.tenant {
				t.Errorf("chain %+v", got.Chain)
			}
		})
	}
}

// No maximum that is set is ever exceeded, whatever is asked for.
func TestNoLifetimeExceedsAMaximum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 100_000))
		some := func(name string) tenants.Lifetime {
			return tenants.Lifetime{Default: seconds.Draw(t, name), Max: seconds.Draw(t, name+" max")}
		}
		w := way{grant: seconds.Draw(t, "grant"), client: some("client"), api: some("api"), dialect: some("dialect"), tenant: some("tenant")}
		l := w.effective()
		asked, err := l.Asked(rapid.StringMatching(`[1-9][0-9]{0,25}`).Draw(t, "asked"), &tenants.Tenant{ExcessLifetime: tenants.ClampExcess})
		if err != nil {
			t.Fatal(err)
		}
		for _, life := range []int{l.Seconds, l.Ceiling, asked} {
			if life < 1 {
				t.Fatalf("a life of %d s", life)
			}
			for _, step := range l.Chain {
				if step.Max > 0 && life > step.Max {
					t.Fatalf("%d s exceed the maximum of %s, %d s", life, step.Name, step.Max)
				}
			}
		}
		if l.Seconds > l.Ceiling {
			t.Fatalf("the default %d exceeds the ceiling %d", l.Seconds, l.Ceiling)
		}
	})
}

func TestAskedLifetimes(t *testing.T) {
	l := way{client: tenants.Lifetime{Default: 60, Max: 100}}.effective()
	clamp, refuse := &tenants.Tenant{ExcessLifetime: tenants.ClampExcess}, &tenants.Tenant{ExcessLifetime: tenants.RefuseExcess}
	for asked, want := range map[string]int{"": 60, "1": 1, "007": 7, "60": 60, "100": 100} {
		for _, tenant := range []*tenants.Tenant{clamp, refuse} {
			if got, err := l.Asked(asked, tenant); err != nil || got != want {
				t.Errorf("%q: got %d, %v", asked, got, err)
			}
		}
	}
	for _, asked := range []string{"101", "99999999999999999999999"} {
		if got, err := l.Asked(asked, clamp); err != nil || got != 100 {
			t.Errorf("%q clamped: got %d, %v", asked, got, err)
		}
		if _, err := l.Asked(asked, refuse); codeOf(err) != oauth.InvalidRequest {
			t.Errorf("%q refused: %v", asked, err)
		}
	}
	for _, asked := range []string{"0", "00", "-1", "+1", "1.5", "1e3", "x", " 1", "١"} {
		if _, err := l.Asked(asked, clamp); codeOf(err) != oauth.InvalidRequest {
			t.Errorf("%q: %v", asked, err)
		}
	}
}

func codeOf(err error) oauth.Code {
	var refused *oauth.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}
