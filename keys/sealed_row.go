package keys

// The kinds of things that are sealed under a master key.
const (
	KindSigningKey = "signing_key"
	KindPepper     = "pepper"
	// KindClientSecret is a secret that a client signs with.
	KindClientSecret = "client_secret"
)

// SealedRow is one stored thing that is sealed under a master key: what
// re-wrapping reads and replaces.
type SealedRow struct {
	TenantID string
	Kind     string // KindSigningKey, KindPepper or KindClientSecret
	ID       string // the kid of a signing key, ClientSecretID of a secret, empty for a pepper
	Sealed   []byte
	SealedBy string // the id of the master key that sealed it
}

// ClientSecretID names a secret of a client for sealing. A client_id holds no
// slash.
func ClientSecretID(clientID, secretID string) string { return clientID + "/" + secretID }
