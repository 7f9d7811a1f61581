// Package oauth holds the vocabulary of OAuth 2.0 that every other room
// speaks: the parameters of a request, its answer, its errors and the
// registered names of grants and client authentication methods. It knows
// nothing of HTTP, of databases or of tenants.
package oauth

import "time"

// Registered grant_type values.
const (
	GrantClientCredentials = "client_credentials"                                    // RFC 6749 section 4.4
	GrantPassword          = "password"                                              // RFC 6749 section 4.3
	GrantRefreshToken      = "refresh_token"                                         // RFC 6749 section 6
	GrantTokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"       // RFC 8693
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"          // RFC 8628
	GrantJWTBearer         = "urn:ietf:params:oauth:grant-type:jwt-bearer"           // RFC 7523
	GrantSession           = "urn:gatehouse:params:oauth:grant-type:session"         // our own
	GrantAPIKey            = "urn:gatehouse:params:oauth:grant-type:api-key"         // our own
	GrantRenewal           = "urn:gatehouse:params:oauth:grant-type:renewal"         // our own
	GrantUserAndClient     = "urn:gatehouse:params:oauth:grant-type:user-and-client" // our own
)

// Grants returns the grant types that this program comes with.
func Grants() []string {
	return []string{
		GrantClientCredentials, GrantPassword, GrantRefreshToken, GrantTokenExchange, GrantDeviceCode, GrantJWTBearer,
		GrantSession, GrantAPIKey, GrantRenewal, GrantUserAndClient,
	}
}

// Registered token_endpoint_auth_method values (RFC 7591 section 2).
const (
	AuthSecretBasic   = "client_secret_basic"
	AuthSecretPost    = "client_secret_post"
	AuthPrivateKeyJWT = "private_key_jwt"
	AuthSecretJWT     = "client_secret_jwt"
	AuthNone          = "none"
)

// MaxTokenLife is the longest life of any access token on the platform.
const MaxTokenLife = 24 * time.Hour

// ClientAssertionJWT is the client_assertion_type of RFC 7523 section 2.2.
const ClientAssertionJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// AuthDialect is the token_endpoint_auth_method of a client that stands behind
// the endpoints of a dialect which name none: being called there is its proof,
// and it works nowhere else. It is no registered value, and never advertised.
const AuthDialect = "dialect"

// AdminAudience is the audience of tokens that reach the admin API. It is
// reserved in every tenant.
const AdminAudience = "urn:gatehouse:admin"

// TypeAccessToken is the JOSE typ of access tokens (RFC 9068 section 2.1).
const TypeAccessToken = "at+jwt"

// Params are the parameters of one token request, each present once and not
// empty: an empty value counts as absent, a repeated one has been refused
// before (RFC 6749 section 3.1).
type Params map[string]string

// Only returns the named parameters and no others.
func (p Params) Only(names []string) Params {
	only := make(Params, len(names))
	for _, name := range names {
		if value, ok := p[name]; ok {
			only[name] = value
		}
	}
	return only
}

// DeviceAuthorization is the answer to a device authorization request (RFC 8628
// section 3.2).
type DeviceAuthorization struct {
	DeviceCode              string
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string
	ExpiresIn               int64 // seconds
	Interval                int64 // seconds
}

// Response is a successful answer of the token endpoint (RFC 6749 section
// 5.1, RFC 8693 section 2.2.1).
type Response struct {
	AccessToken     string
	TokenType       string
	ExpiresIn       int64 // seconds
	ExpiresAt       int64 // the same as seconds since the epoch
	Scope           string
	RefreshToken    string
	IssuedTokenType string
}
