package dialects

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

func (r *Route) checkParam(d *document, at string, index int, p Param) {
	switch {
	case p.Equals != "" && p.Name == "":
		d.fault(at+".name", "is missing")
	case p.Equals != "":
		r.spec.checkSetting(d, at+".equals", p.Equals)
	default:
		oneOf(d, at+".name", p.Name, words().params)
	}
	for _, other := range r.Params[:index] {
		if other.Name == p.Name {
			d.fault(at+".name", "%s is there twice", p.Name)
		}
	}
	sources := []Source{FromBody, FromForm, FromJSON, FromQuery, FromBearer, FromCookie, FromBasicUser, FromBasicPassword, FromBasicSecret}
	for i, source := range p.From {
		oneOf(d, fmt.Sprintf("%s.from[%d]", at, i), source, sources)
	}
	if p.First && len(p.From) < 2 {
		d.fault(at+".first", "needs several places in from")
	}
	if p.First && slices.Contains(words().secrets, p.Name) {
		d.fault(at+".first", "%s is secret: it is sent once", p.Name)
	}
	if p.Name == "session" && !slices.Equal(p.From, []Source{FromCookie}) {
		d.fault(at+".from", "a session comes from a cookie only")
	}
	if slices.Contains(p.From, FromCookie) && len(p.As) == 0 {
		d.fault(at+".as", "must name the cookie")
	}
	if p.Name == "grant_type" {
		r.checkGrantTypes(d, at, p)
	}
	if p.Missing != "" {
		oneOf(d, at+".missing", p.Missing, oauth.Codes())
	}
	if slices.Contains(words().secrets, p.Name) && (p.Value != "" || p.Values != nil) {
		d.fault(at, "%s is secret: a spec that holds it would prove who asks, whoever that is", p.Name)
	}
	if p.Value != "" && (len(p.From)+len(p.As)+len(p.Values) > 0 || p.Missing+oauth.Code(p.Equals+p.Absent) != "") {
		d.fault(at+".value", "is fixed: the parameter comes from nowhere else")
	}
}

// checkGrantTypes holds what the route says of grant_type to the grants that it
// serves.
func (r *Route) checkGrantTypes(d *document, at string, p Param) {
	for _, grant := range append(slices.Sorted(maps.Values(p.Values)), p.Value) {
		if grant != "" && len(r.Grants) > 0 && !slices.Contains(r.Grants, grant) {
			d.fault(at, "the route does not serve the grant %s", grant)
		}
	}
}

// checkNext holds routes of one method and path to being told apart: each but the
// last lists its grant types, and none lists another's.
func (r *Route) checkNext(d *document, at string) {
	if r.next == nil {
		return
	}
	if r.Operation != Token || r.next.Operation != Token {
		d.fault(at+".path", "%s is there twice, which only routes of the operation token may be", r.Key())
		return
	}
	listed := r.wireGrants()
	if len(listed) == 0 {
		d.fault(at+".params", "%s is there again: the grant_type of this one needs values, by which requests are told apart", r.Key())
	}
	for later := r.next; later != nil; later = later.next {
		for _, grant := range listed {
			if slices.Contains(later.wireGrants(), grant) {
				d.fault(at+".params", "the grant_type %s is also that of a later route of %s", grant, r.Key())
			}
		}
		if later.SharedHost != r.SharedHost || later.TrailingSlash != r.TrailingSlash {
			d.fault(at, "shared_host and trailing_slash must be those of the other routes of %s", r.Key())
		}
	}
}

// wireGrants returns the values of grant_type that the route lists, sorted.
func (r *Route) wireGrants() []string {
	for _, p := range r.Params {
		if p.Name == "grant_type" {
			return slices.Sorted(maps.Keys(p.Values))
		}
	}
	return nil
}
