package adminapi

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// thing is something of a tenant's that has a version.
type thing interface {
	Revision() (id string, version int64)
}

// list answers with a page of what a use case lists.
func list[T any](page func(context.Context, admin.Actor, string, admin.Query) (admin.Page[T], error)) func(*request) (answer, error) {
	return func(r *request) (answer, error) {
		page, err := page(r.ctx(), r.actor, r.tenant(), r.page())
		return answer{body: page}, err
	}
}

// things returns the routes by which things of one kind are made, shown, changed
// and deleted: name is that of their list in the path, param that of one's id.
func things[N any, M, T thing](
	name, param string,
	create func(context.Context, admin.Actor, string, N) (M, error),
	show func(context.Context, admin.Actor, string, string) (T, error),
	update func(context.Context, admin.Actor, string, string, int64, admin.Patch) (T, error),
	remove func(context.Context, admin.Actor, string, string, int64) error,
) []route {
	all := tenantPath + "/" + name
	one := all + "/:" + param
	return []route{
		{"POST", all, nil, func(r *request) (answer, error) {
			var n N
			if err := r.made(&n); err != nil {
				return answer{}, err
			}
			made, err := create(r.ctx(), r.actor, r.tenant(), n)
			if err != nil {
				return answer{}, err
			}
			id, version := made.Revision()
			return created(made, version, "tenants", r.tenant(), name, id), nil
		}},
		{"GET", one, nil, func(r *request) (answer, error) {
			return shownThing(show(r.ctx(), r.actor, r.tenant(), r.Param(param)))
		}},
		{"PATCH", one, nil, func(r *request) (answer, error) {
			patch, err := r.patch()
			if err != nil {
				return answer{}, err
			}
			var changed T
			err = r.matching(func(version int64) error {
				changed, err = update(r.ctx(), r.actor, r.tenant(), r.Param(param), version, patch)
				return err
			})
			return shownThing(changed, err)
		}},
		{"DELETE", one, nil, func(r *request) (answer, error) {
			return gone(), r.matching(func(version int64) error { return remove(r.ctx(), r.actor, r.tenant(), r.Param(param), version) })
		}},
	}
}

// shownThing is the answer with what a use case found, or its error.
func shownThing[T thing](found T, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	_, version := found.Revision()
	return shown(found, version), nil
}
