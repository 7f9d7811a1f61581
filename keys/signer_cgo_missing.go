//go:build openssl && !cgo

package keys

// Signing by OpenSSL is C: build with CGO_ENABLED=1, gcc and libssl-dev.
var _ = the_tag_openssl_needs_CGO_ENABLED_1
