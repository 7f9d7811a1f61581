package admin

// What the tests of this package see more than others.
var (
	CheckIdentifier = checkIdentifier
	CheckIssuer     = checkIssuer
	CheckOrigins    = checkOrigins
	CheckAudience   = checkAudience
)
