package adminapi_test

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/server/adminapi"
)

func refusal(t *testing.T, err error) {
	t.Helper()
	var refused *admin.Error
	if !errors.As(err, &refused) || refused.Code != admin.CodeInvalid {
		t.Fatal(err)
	}
}

// If-Match matches any version, none, or those whose tags we gave, written as
// we write them.
func FuzzIfMatch(f *testing.F) {
	for _, tag := range []string{`"7"`, `*`, ` "7" `, `W/"7"`, `"07"`, `"-1"`, `7`, `"7","8"`, `""`, `"9223372036854775808"`} {
		f.Add(tag)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		versions, err := adminapi.ReadIfMatch([]string{tag})
		if err != nil {
			refusal(t, err)
			return
		}
		for _, version := range versions {
			if version < 1 {
				if len(versions) > 1 {
					t.Fatalf("%q is %v", tag, versions)
				}
				continue
			}
			if ours := strconv.Quote(strconv.FormatInt(version, 10)); !strings.Contains(tag, ours) {
				t.Fatalf("%q is %v", tag, versions)
			}
		}
		if again, err := adminapi.ReadIfMatch([]string{tag, tag}); err == nil && !slices.Equal(again, versions) {
			t.Fatalf("%q is %v, and twice %v", tag, versions, again)
		}
	})
}

// A query holds known parameters, each once, and asks for a page of a size or for
// one that admin refuses.
func FuzzQuery(f *testing.F) {
	for _, raw := range []string{"q=a&page_size=10", "page_size=0", "page_size=+1", "page_size=99999999999999999999", "q=a&q=b", "sort=id", "q=%", "q=a;b", "=&="} {
		f.Add(raw)
	}
	known := []string{"q", "page_size", "page_token"}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := adminapi.ReadQuery(raw, known)
		if err != nil {
			refusal(t, err)
			return
		}
		again, err := url.ParseQuery(raw)
		if err != nil || len(again) != len(query) {
			t.Fatalf("%q is read as %v", raw, query)
		}
		for name, values := range query {
			if !slices.Contains(known, name) || len(values) != 1 {
				t.Fatalf("%q holds %s: %q", raw, name, values)
			}
		}
		size, token := adminapi.ReadPage(query)
		if given := query.Get("page_size") != ""; size < -1 || given == (size == 0) || token != query.Get("page_token") {
			t.Fatalf("%q asks for %d from %q", raw, size, token)
		}
	})
}

// A bearer token stands alone in the one header that brings it.
func FuzzBearer(f *testing.F) {
	for _, header := range []string{"Bearer a.b.c", "bearer a", "Bearer  a", "Bearer", "Bearer a,Bearer b", "Basic YTpi", "Bearer\ta"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, err := adminapi.ReadBearer([]string{header})
		if err != nil {
			return
		}
		scheme, rest, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || token != strings.TrimLeft(rest, " ") || token == "" || strings.ContainsAny(token, " ,") {
			t.Fatalf("%q brings %q", header, token)
		}
		if _, err := adminapi.ReadBearer([]string{header, header}); err == nil {
			t.Fatalf("%q counts when it comes twice", header)
		}
	})
}
