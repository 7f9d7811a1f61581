package oauth

// Profile is what a dialect adds to the rules of a token request. Its zero
// value adds nothing.
type Profile struct {
	Dialect            string   // whose endpoint it is; empty: the default one
	Grants             []string // the grant types it serves; empty: all
	DefaultLifetime    int      // seconds; 0: not set
	MaxLifetime        int      // seconds; 0: not set
	RefuseLonger       bool     // answers access_denied to who asks for more life than may be
	RequiredPermission string
	SentGrantType      string        // grant_type in the dialect's words; empty: in ours
	IgnoreScopes       bool          // leaves out scopes that the client may not have, in place of invalid_scope
	Renewable          bool          // tokens for people can be renewed by themselves
	OpaqueUUIDs        bool          // opaque tokens have the form of a UUID
	Claims             []ClaimRule   // added to the access token
	Expected           []Expectation // what the request says about its tenant
}

// ClaimRule says what a claim of an access token is: Text where From is empty,
// else the value of a registered claim ("sub"), of the tenant ("tenant.slug"),
// of the client ("client.name"), of the user ("user.profile.city"), of a
// setting of the tenant's for the dialect ("setting.NAME", or what Fallback
// names where it is not set), or the grant_type. A value that there is not
// makes no claim.
type ClaimRule struct {
	Name, Text, From, Fallback string
	List                       bool // words become an array
}

// Expectation is a value that a request states and that must equal a setting
// of the tenant's for the dialect, or what Fallback names where it is not set.
type Expectation struct{ Param, Setting, Fallback, Value string }
