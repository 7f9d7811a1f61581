package keys

// The kinds of things that are sealed under a master key.
const (
	KindSigningKey = "signing_key"
	KindPepper     = "pepper"
)

// SealedRow is one stored thing that is sealed under a master key: what
// re-wrapping reads and replaces.
type SealedRow struct {
	TenantID string
	Kind     string // KindSigningKey or KindPepper
	ID       string // the kid of a signing key, empty for a pepper
	Sealed   []byte
	SealedBy string // the id of the master key that sealed it
}
