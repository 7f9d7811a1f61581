package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// tenantFlag names the tenant that a command is about.
type tenantFlag struct {
	Tenant string `short:"t" placeholder:"SLUG" help:"The tenant. May be left out where default_tenant is set."`
}

// lifetimeFlags bound access tokens.
type lifetimeFlags struct {
	Default *wholeSeconds `name:"access-token-lifetime" placeholder:"SECONDS" help:"Life of access tokens. 0: not set here."`
	Max     *wholeSeconds `name:"max-access-token-lifetime" placeholder:"SECONDS" help:"Longest life of access tokens. 0: not set here."`
}

func (f lifetimeFlags) change(p change) {
	p.seconds("access_token_lifetime", f.Default)
	p.seconds("max_access_token_lifetime", f.Max)
}

// change is a merge patch made of flags: those that were not given change
// nothing.
type change admin.Patch

func (p change) text(name string, value *string) {
	if value != nil {
		p[name] = *value
	}
}

func (p change) flag(name string, value *bool) {
	if value != nil {
		p[name] = *value
	}
}

// expiry takes "never" for "not set any more".
func (p change) expiry(value *string) error {
	if value == nil {
		return nil
	}
	at, err := parseExpiry("expires", *value)
	if p["expires_at"] = nil; at != nil {
		p["expires_at"] = at
	}
	return err
}

// number takes 0 for "not set any more".
func (p change) number(name string, value *int) {
	switch {
	case value == nil:
	case *value == 0:
		p[name] = nil
	default:
		p[name] = *value
	}
}

// seconds is number for a lifetime.
func (p change) seconds(name string, value *wholeSeconds) { p.number(name, (*int)(value)) }

func (p change) texts(name string, values []string) {
	if values != nil {
		p[name] = repeated(values)
	}
}

// patch returns what is to be changed, and refuses a change of nothing.
func (p change) patch() (admin.Patch, error) {
	if len(p) == 0 {
		return nil, usage("nothing to change: give at least one flag, see --help")
	}
	return admin.Patch(p), nil
}

// repeated returns the values of a flag that may be repeated; a single empty one
// stands for none.
func repeated(values []string) []string {
	if len(values) == 1 && values[0] == "" {
		return []string{}
	}
	return values
}

// parseExpiry reads an instant: a date (its beginning, UTC), RFC 3339, or
// "never".
func parseExpiry(flag, text string) (*time.Time, error) {
	if text == "never" {
		return nil, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			at = at.UTC()
			return &at, nil
		}
	}
	return nil, usage("--%s: %q is no instant; write 2027-01-01, 2027-01-01T12:00:00Z or never", flag, text)
}

// parseAccess reads IDENTIFIER or IDENTIFIER=SCOPE,SCOPE: without scopes all
// that are not deprecated, with an empty list none.
func parseAccess(values []string) []tenants.APIAccess {
	all := []tenants.APIAccess{}
	for _, value := range repeated(values) {
		access := tenants.APIAccess{Identifier: value}
		if i := strings.LastIndexByte(value, '='); i >= 0 {
			access.Identifier, access.Scopes = value[:i], oauth.Scopes{}
			for scope := range strings.FieldsFuncSeq(value[i+1:], func(r rune) bool { return r == ',' || r == ' ' }) {
				access.Scopes = append(access.Scopes, scope)
			}
		}
		all = append(all, access)
	}
	return all
}

// parseScopes reads NAME or NAME=DESCRIPTION.
func parseScopes(values, deprecated []string) []tenants.Scope {
	all := []tenants.Scope{}
	for i, list := range [][]string{repeated(values), repeated(deprecated)} {
		for _, value := range list {
			name, description, _ := strings.Cut(value, "=")
			all = append(all, tenants.Scope{Name: name, Description: description, Deprecated: i == 1})
		}
	}
	return all
}

// secretFrom reads a secret from a file, "-" for the standard input, without
// the line break at its end. An empty path is no secret.
func secretFrom(flag, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if path == "-" {
		path = "/dev/stdin"
	}
	text, err := readSecret(path)
	if err != nil {
		return "", fmt.Errorf("--%s: %w", flag, err)
	}
	return text, nil
}

// confirm asks a person at a terminal. Programs, and people who want JSON, have
// to pass --yes: what cannot be undone must not happen because nobody could be
// asked.
func (a *app) confirm(yes bool, format string, args ...any) error {
	if yes {
		return nil
	}
	question := fmt.Sprintf(format, args...)
	if a.json || !isatty.IsTerminal(os.Stdin.Fd()) {
		return usage("%s There is nobody to ask: pass --yes", question)
	}
	fmt.Fprintf(a.stderr, "%s Type yes: ", question)
	answer, err := bufio.NewReader(io.LimitReader(os.Stdin, 100)).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}
