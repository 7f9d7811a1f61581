package admin_test

import (
	"regexp"
	"testing"

	"github.com/gatehouse-auth/gatehouse/admin"
)

func TestGeneratedSecretsHaveTheFormThatScannersLookFor(t *testing.T) {
	pattern := regexp.MustCompile("^" + admin.SecretPattern + "$")
	seen := map[string]bool{}
	for range 200 {
		secret := admin.GenerateSecret()
		if !pattern.MatchString(secret) || !admin.ValidSecret(secret) || seen[secret] {
			t.Fatalf("%s: pattern %v, valid %v, seen %v", secret, pattern.MatchString(secret), admin.ValidSecret(secret), seen[secret])
		}
		seen[secret] = true
	}
}

func TestNoSecretWithAnotherCharacterIsValid(t *testing.T) {
	secret := admin.GenerateSecret()
	for i := range len(secret) {
		for _, c := range []byte("0aZ_ ") {
			changed := []byte(secret)
			if changed[i] == c {
				continue
			}
			changed[i] = c
			if admin.ValidSecret(string(changed)) {
				t.Errorf("%s counts as valid, made from %s", changed, secret)
			}
		}
	}
	for _, text := range []string{"", "gatehouse_cs_", secret + "0", secret[:len(secret)-1]} {
		if admin.ValidSecret(text) {
			t.Errorf("%q counts as valid", text)
		}
	}
}

// A fixed pair, so that no later version forgets the secrets of this one.
func TestChecksumStaysWhatItIs(t *testing.T) {
	const secret = "gatehouse_cs_0000000000000000000000000000000000000000000" + "1L11Ig"
	if !admin.ValidSecret(secret) {
		t.Errorf("%s is not valid any more", secret)
	}
}
