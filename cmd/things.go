package cmd

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// What commands do with things of a tenant, by the use case that is given.

func createThing[N, T any](a *app, tenant string, n N,
	create func(*admin.Service, context.Context, admin.Actor, string, N) (*T, error), show func(*app, *T) error,
) error {
	return a.atTenant(tenant, func(d *desk, tenant string) error {
		return showFound(d, show)(create(d.admin, d.ctx, d.actor, tenant, n))
	})
}

// createFrom is createThing with what flags say, read as the admin API reads it.
func createFrom[N, T any](a *app, tenant string, p change,
	create func(*admin.Service, context.Context, admin.Actor, string, N) (*T, error), show func(*app, *T) error,
) error {
	var n N
	if err := fit(p, &n); err != nil {
		return err
	}
	return createThing(a, tenant, n, create, show)
}

func listThings[T any](a *app, tenant, query string,
	page func(*admin.Service, context.Context, admin.Actor, string, admin.Query) (admin.Page[T], error), titles string, row func(T) []string,
) error {
	return a.atTenant(tenant, func(d *desk, tenant string) error {
		all, err := everyPage(query, func(q admin.Query) (admin.Page[T], error) { return page(d.admin, d.ctx, d.actor, tenant, q) })
		if err != nil {
			return err
		}
		return showTable(a, all, titles, row)
	})
}

func showThing[T any](a *app, tenant, id string,
	find func(*admin.Service, context.Context, admin.Actor, string, string) (*T, error), show func(*app, *T) error,
) error {
	return a.atTenant(tenant, func(d *desk, tenant string) error {
		return showFound(d, show)(find(d.admin, d.ctx, d.actor, tenant, id))
	})
}

func changeThing[T any](a *app, tenant, id string, patch admin.Patch,
	change func(*admin.Service, context.Context, admin.Actor, string, string, int64, admin.Patch) (*T, error), show func(*app, *T) error,
) error {
	return a.atTenant(tenant, func(d *desk, tenant string) error {
		return showFound(d, show)(change(d.admin, d.ctx, d.actor, tenant, id, 0, patch))
	})
}

// endThing says that it is done as done has it, where %s stands for the id.
func endThing(a *app, tenant, id string,
	end func(*admin.Service, context.Context, admin.Actor, string, string, int64) error, done string,
) error {
	return a.atTenant(tenant, func(d *desk, tenant string) error {
		if err := end(d.admin, d.ctx, d.actor, tenant, id, 0); err != nil {
			return err
		}
		return a.done(done, id)
	})
}

// showFound shows what a use case found, or returns its error.
func showFound[T any](d *desk, show func(*app, *T) error) func(*T, error) error {
	return func(found *T, err error) error {
		if err != nil {
			return err
		}
		return show(d.app, found)
	}
}
