package oauth

// Credentials are what a client presented to prove who it is, before anything
// is known about it. At most one method is used in a request (RFC 6749
// section 2.3).
type Credentials struct {
	// Method is the registered name of the method, AuthNone where only a
	// client_id was sent, AuthDialect where the endpoint names the client, empty
	// where nothing was sent.
	Method string
	// Readings are the pairs that the bytes may mean, to be tried in this
	// order: HTTP Basic is form-decoded by the RFC, and raw for many programs.
	Readings []Pair
	// Assertion is the client_assertion of RFC 7523 section 2.2, whose sub is
	// then the client_id of the only reading.
	Assertion string
}

// Pair is a client_id and the secret that came with it.
type Pair struct{ ClientID, Secret string }

// Nothing reports whether neither a client nor a proof of one was sent.
func (c Credentials) Nothing() bool { return c.Method == "" && len(c.Readings) == 0 }

// ClientID returns the client that the credentials speak for, unproven.
func (c Credentials) ClientID() string {
	if len(c.Readings) == 0 {
		return ""
	}
	return c.Readings[0].ClientID
}
