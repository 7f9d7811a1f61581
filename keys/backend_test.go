package keys_test

import (
	"regexp"
	"testing"

	"github.com/gatehouse-auth/gatehouse/keys"
)

func TestBackendIsNamed(t *testing.T) {
	if !regexp.MustCompile(`^(crypto/rsa|OpenSSL 3\.\d+\.\d+)$`).MatchString(keys.Backend()) {
		t.Errorf("%q", keys.Backend())
	}
}
