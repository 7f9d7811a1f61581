package dialects

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// compile works out what a checked spec means for each request, so that
// requests need not.
func (s *Spec) compile() {
	var claims []oauth.ClaimRule
	for _, c := range s.Claims {
		claims = append(claims, oauth.ClaimRule{
			Name: c.Name, Text: c.Text, From: c.From, Fallback: s.fallbackOf(c.From), List: c.As == FormList,
		})
	}
	for _, r := range s.Routes {
		r.profile = oauth.Profile{
			Dialect: s.Name, Grants: r.Grants, DefaultLifetime: r.Lifetime.Default, MaxLifetime: r.Lifetime.Max,
			RefuseLonger: r.Lifetime.Above == "refuse", RequiredPermission: r.Permission, Claims: claims,
			Renewable: r.Renewable, OpaqueUUIDs: s.OpaqueTokens == "uuid", IgnoreScopes: s.UnavailableScopes == "ignore",
		}
		if s.Name == StandardName {
			r.profile.Dialect = ""
		}
		r.compileParams()
		r.compileNames()
		r.compileReads()
		for _, f := range r.Answer {
			r.fields = append(r.fields, compileField(f))
		}
	}
}

// fallbackOf returns what stands for the setting that a claim names.
func (s *Spec) fallbackOf(from string) string {
	const prefix = "setting."
	if len(from) <= len(prefix) || from[:len(prefix)] != prefix {
		return ""
	}
	return s.fallback(from[len(prefix):])
}

func (s *Spec) fallback(setting string) string {
	for _, have := range s.Settings {
		if have.Name == setting {
			return have.Default
		}
	}
	return ""
}

func (r *Route) compileParams() {
	r.Params = slices.Clone(r.Params) // which a YAML alias may share with another route
	for i := range r.Params {
		p := &r.Params[i]
		if p.Value != "" {
			r.fixed = append(r.fixed, p)
			continue
		}
		if len(p.As) == 0 {
			p.As = []string{p.Name}
		}
		p.told = p.As[0]
		if len(p.From) == 0 {
			p.From = []Source{FromBody}
		}
		if r.IgnoreCase && !slices.Contains(p.From, FromCookie) {
			p.As = slices.Clone(p.As)
			for i := range p.As {
				p.As[i] = fold(p.As[i], true)
			}
			slices.Sort(p.As)
			p.As = slices.Compact(p.As)
		}
		r.params = append(r.params, p)
	}
}

// compileNames has errors name parameters as clients of the route know them: in
// the standard's texts they are the words with a low line.
func (r *Route) compileNames() {
	named := slices.DeleteFunc(slices.Clone(r.params), func(p *Param) bool { return p.told == p.Name || !strings.Contains(p.Name, "_") })
	slices.SortFunc(named, func(a, b *Param) int { return len(b.Name) - len(a.Name) }) // one may begin like another
	var pairs []string
	for _, p := range named {
		pairs = append(pairs, p.Name, p.told)
	}
	r.names = strings.NewReplacer(pairs...)
}

func (r *Route) compileReads() {
	reads := &r.reads
	for _, encoding := range r.Body {
		reads.form = reads.form || encoding == EncodingForm
		reads.json = reads.json || encoding == EncodingJSON
		reads.none = reads.none || encoding == EncodingNone
	}
	for _, p := range r.params {
		reads.query = reads.query || slices.Contains(p.From, FromQuery)
		reads.session = reads.session || p.Name == "session" && slices.Contains(p.From, FromCookie)
		reads.bearer = reads.bearer || slices.Contains(p.From, FromBearer)
		reads.basicParts = reads.basicParts || slices.ContainsFunc(p.From, func(s Source) bool {
			return s == FromBasicUser || s == FromBasicPassword || s == FromBasicSecret
		})
	}
	if reads.query && r.acts() {
		reads.notInQuery = r.notInQuery()
	}
	ways := r.Client
	if len(ways) == 0 {
		ways = []Source{ClientBasic, ClientBasicRaw, ClientBody, ClientAssertion, ClientNone}
		if reads.basicParts || reads.bearer {
			ways = ways[2:]
		}
	}
	for _, way := range ways {
		if way == ClientBasic || way == ClientBasicRaw {
			reads.basic = append(reads.basic, way)
		}
	}
	reads.body = slices.Contains(ways, ClientBody)
	reads.assertion = slices.Contains(ways, ClientAssertion)
	reads.id = slices.Contains(ways, ClientNone)
	reads.stand = slices.Contains(ways, ClientStandIn)
}

// notInQuery returns the names of secrets that the route takes, and not from the
// URL. One that stands there all the same is refused, not passed over: whoever
// sends it shall hear of it.
func (r *Route) notInQuery() []string {
	var names, allowed []string
	for _, name := range words().secrets {
		names = append(names, fold(name, r.IgnoreCase))
	}
	for _, p := range r.params {
		if slices.Contains(p.From, FromQuery) {
			allowed = append(allowed, p.As...)
		} else if slices.Contains(words().secrets, p.Name) {
			names = append(names, p.As...)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(allowed, name) })
}

// field is a Field made ready to be written.
type field struct {
	Field
	key  []byte // "name":
	text []byte // the fixed value, nil for none
}

func compileField(f Field) field {
	ready := field{Field: f, key: append(quoted(f.Name), ':')}
	if f.Text != "" {
		ready.text = quoted(f.Text)
	}
	return ready
}

func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return b
}
