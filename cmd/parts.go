package cmd

import (
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/fetch"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/passwords"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/store"
)

// grantParts are what grants are made of. Without them the grants can tell
// their types and no more.
type grantParts struct {
	signIn   *grants.SignIn
	apiKeys  *grants.APIKeys
	refresh  *grants.RefreshTokens
	bearer   grants.JWTBearer
	sessions *grants.Sessions
	devices  *grants.Devices
	rules    *grants.Impersonations
}

func (n *node) grantParts(hasher *passwords.Hasher, keysets *assertion.Keysets, now func() time.Time) grantParts {
	signIn := grants.NewSignIn(n.directory, n.db, hasher, grants.FailureFloor, now)
	return grantParts{
		signIn:   signIn,
		apiKeys:  grants.NewAPIKeys(n.directory, n.peppers, n.keyUses, now),
		refresh:  grants.NewRefreshTokens(n.db, n.directory, n.peppers, now),
		bearer:   grants.JWTBearer{Issuers: n.directory, Keysets: keysets, Log: n.db, Now: now},
		sessions: grants.NewSessions(signIn, n.directory, n.db, n.peppers, now),
		devices:  grants.NewDevices(n.db, n.directory, n.peppers, now),
		rules:    grants.NewImpersonations(n.directory, n.directory, n.db, n.peppers, now),
	}
}

// newRegistry lists the grants that this program knows, its own and further ones.
func newRegistry(p grantParts, further []grants.Grant) *grants.Registry {
	return grants.NewRegistry(append([]grants.Grant{
		grants.ClientCredentials{},
		grants.Password{SignIn: p.signIn},
		grants.UserAndClient{SignIn: p.signIn},
		grants.TokenRenewal{Tokens: p.refresh},
		grants.APIKey{Keys: p.apiKeys},
		grants.RefreshToken{Tokens: p.refresh},
		p.bearer,
		grants.Session{Sessions: p.sessions},
		grants.Device{Devices: p.devices},
		grants.NewTokenExchange(p.rules),
	}, further...)...)
}

// clientAuths lists the methods by which clients prove who they are.
func clientAuths(n *node, keysets *assertion.Keysets, now func() time.Time) []grants.ClientAuth {
	return []grants.ClientAuth{
		grants.ClientSecret{Pepper: n.peppers, Now: now},
		grants.NewPrivateKeyJWT(keysets, n.db, now),
		grants.NewClientSecretJWT(n.sealer, n.db, now),
		grants.PublicClient{},
		grants.StandIn{},
	}
}

// newAdmin makes the use cases, for a node and for the command line.
// newKey makes signing keys; nil: one by one, as they are needed. hasher is that
// of the node; nil: one for each password.
func newAdmin(settings *Settings, publicURL *url.URL, db *store.DB, sealer *keys.Sealer, peppers *keys.Peppers,
	newKey func(*keys.Sealer, string, int) keys.NewKey, hasher *passwords.Hasher,
) *admin.Service {
	registry := newRegistry(grantParts{}, settings.further.made(GrantParts{}))
	return admin.New(db, sealer, peppers, admin.Config{
		PublicURL: publicURL, Timing: settings.KeyTiming(), Dialects: server.DialectRules(settings.dialects), Grants: registry.Types(), PublicGrants: registry.PublicTypes(),
		AuthMethods: []string{oauth.AuthSecretBasic, oauth.AuthSecretPost, oauth.AuthPrivateKeyJWT, oauth.AuthSecretJWT, oauth.AuthNone},
		NewKey:      newKey, Passwords: hasher, CheckURL: fetch.New(fetch.Config{Allow: settings.FetchAllow}).Check,
	}, time.Now)
}
