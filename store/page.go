package store

import (
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// fold maps letters that differ in case only to the same ones.
func fold(s string) string { return tenants.Fold(s) }

// likePrefix returns the LIKE pattern, with escape character \, for what begins
// with prefix literally.
func likePrefix(prefix string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(prefix) + "%"
}

// idFirst sorts what has an id before what is only called so.
func idFirst(id any) clause.OrderBy {
	return clause.OrderBy{Expression: clause.Expr{SQL: "id = ? DESC", Vars: []any{id}}}
}

// page restricts q to a Range of rows sorted by key. A prefix is looked for in
// key, where the case of ASCII letters alone is ignored, and in folded columns.
func page(q *gorm.DB, r admin.Range, key string, folded ...string) *gorm.DB {
	if !storable(r.After, r.Prefix) {
		return q.Where("1 = 0")
	}
	if r.Prefix != "" {
		pattern := likePrefix(fold(r.Prefix))
		match := []string{"lower(" + key + `) LIKE ? ESCAPE '\'`}
		args := []any{pattern}
		for _, column := range folded {
			match = append(match, column+` LIKE ? ESCAPE '\'`)
			args = append(args, pattern)
		}
		q = q.Where("("+strings.Join(match, " OR ")+")", args...)
	}
	if r.After != "" {
		q = q.Where(key+" > ?", r.After)
	}
	if r.Limit > 0 {
		q = q.Limit(r.Limit)
	}
	return q.Order(key)
}
