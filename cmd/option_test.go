package cmd

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
)

// one is a grant of another program.
type one struct{ name string }

func (g one) Type() string   { return g.name }
func (one) Params() []string { return nil }
func (one) OpenToPublic()    {}
func (one) Authorize(context.Context, *grants.Request) (*grants.Subject, error) {
	return nil, os.ErrInvalid
}

func TestFurtherGrantsMayBeGivenToClients(t *testing.T) {
	environ := []string{"GATEHOUSE_DATABASE_URL=" + storetest.EmptyURL(t), "GATEHOUSE_MASTER_KEY=" + strings.Repeat("ab", 32)}
	must(t, furnished(environ))
	var asked []GrantParts
	with := WithGrant(func(p GrantParts) grants.Grant {
		asked = append(asked, p)
		return one{"urn:example:one"}
	})
	command := func(line string, options ...Option) (int, string) {
		var out bytes.Buffer
		code := run(t.Context(), strings.Fields(line), environ, &out, &out, options...)
		return code, out.String()
	}
	if code, out := command("tenants create acme --name Acme", with); code != 0 {
		t.Fatal(out)
	}
	create := "clients create -t acme --name Shop --auth-method none --grant urn:example:one"
	if code, out := command(create); code != exitFailed || !strings.Contains(out, "grant_types: ") {
		t.Errorf("without the grant: %d, %s", code, out)
	}
	if code, out := command(create, with); code != 0 {
		t.Errorf("with it: %d, %s", code, out)
	}
	for _, p := range asked {
		if p.Directory != nil || p.Log != nil || p.Now != nil {
			t.Errorf("a command that needs names asks with %+v", p)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a grant of the program's own is replaced")
		}
	}()
	command(create, WithGrant(func(GrantParts) grants.Grant { return one{"client_credentials"} }))
}
