package keys

// SealedPepper is the random value under which a tenant's client secrets are
// hashed, as it is stored.
type SealedPepper struct {
	TenantID string `gorm:"primaryKey"`
	Sealed   []byte
	SealedBy string
}
