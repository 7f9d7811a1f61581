package passwords_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/passwords"
)

func slot(t *testing.T) *passwords.Slot {
	t.Helper()
	h, err := passwords.NewHasher(1, passwords.DefaultCost())
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Release)
	return s
}

// Made by the reference programs: phc-winner-argon2, Python's hashlib, libxcrypt.
const (
	horse     = "correct horse ä"
	argonHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	bcryptOf  = "$2b$05$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O"
	bcrypt72  = "$2b$05$abcdefghijklmnopqrstuuGUnCqbfgs3htOkLrFduUjAyLBw1Rq/u" // 72 times a
)

func TestHashesOfOtherSystemsAreVerified(t *testing.T) {
	s := slot(t)
	for hash, password := range map[string]string{
		argonHash: "password",
		bcryptOf:  horse,
		strings.Replace(bcryptOf, "$2b$", "$2a$", 1):                                                                                         horse,
		strings.Replace(bcryptOf, "$2b$", "$2y$", 1):                                                                                         horse,
		"$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$x/RTX0ZYH2V5BxUrqVKIqQAxRvs":                                                                    horse,
		"$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$gipQ8GMHh2OZWBm7be1WOiiO5tkZLw1q9vozqsIw1Uc":                                            horse,
		"$pbkdf2-sha512$25000$MDEyMzQ1Njc4OWFiY2RlZg$ddwc.rk0z6kbwNOVhr8cphhFrTeBv55Cz8yiH7LUouzCLAGSPjckXITdwwjskd3y7XC17qCTp1PO211GKcsoNg": horse,
		"$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$o/tO4JhkTB+ZHjKqfcZKTg0y/u5LtYA/A8aaTu71LZ4":                                           horse,
		// As ours but for the lanes, the salt, the key.
		"$argon2id$v=19$m=19456,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$QPbC1//5lsfb0MrSD9KgJYeknkhqxdy4i8IgNkEguqw": horse,
		"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc$KsBpcDRXbArpG5vreE3TZ+LccAybfezBWPpHCO8WXXQ":            horse,
		"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$fdHCFI54/bsjl6tNGapfeA":                      horse,
		// The PHC string format, Django, Werkzeug.
		"$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$l56eoOqBsX+VjfgiRup8qry+tRtVG1Q3MrWnPtdWKMg":                                                                      horse,
		"$pbkdf2-sha512$i=1000$+//+MDEyMzQ1Njc4OWFiYw$NZc1+UQcl8sDj0TNaberDjI1vK5FmzzsqSdPrQSFWh8FuQ4AAD4l7s/Tu469vEgAEMNLEJgVXOxwc3oHm7VCZA":                                horse,
		"pbkdf2_sha256$1000$seasaltseasalt22$hp/DsjrEQ4AV0yJA9nFcz8txv8kr8/i/TQlPZvIvzhY=":                                                                                   horse,
		"pbkdf2_sha1$1000$salt$rBgqKAiuQrvUhfwAoCMYONwVwk4=":                                                                                                                 horse,
		"pbkdf2:sha256:1000$seasaltseasalt22$869fc3b23ac4438015d32240f6715ccfcb71bfc92bf3f8bf4d094f66f22fce16":                                                               horse,
		"scrypt:32768:8:1$seasaltseasalt22$80665f47f8af8aff10ff3f7bc9379ed0dc8bd96cb6ff2c9298a77bbd75453dc3113d0bc5c203b701d64d61295cfa8e6851bfe61de197fba5773d4da6b53fb1c0": horse,
	} {
		if err := passwords.CheckHash(hash); err != nil {
			t.Errorf("%s: %v", hash, err)
		}
		if match, outdated := s.Verify(hash, password); !match || !outdated {
			t.Errorf("%s: match %v, outdated %v", hash, match, outdated)
		}
		for _, wrong := range []string{password + "x", password[1:], "", strings.ToUpper(password)} {
			if match, outdated := s.Verify(hash, wrong); match || outdated {
				t.Errorf("%s: matches %q too", hash, wrong)
			}
		}
	}
}

func TestOwnHashesAreSaltedAndUpToDate(t *testing.T) {
	s := slot(t)
	first, err := s.Hash(horse)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Hash(horse)
	if err != nil {
		t.Fatal(err)
	}
	if first == second || !strings.HasPrefix(first, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hashes are %s and %s", first, second)
	}
	if err := passwords.CheckHash(first); err != nil {
		t.Error(err)
	}
	if match, outdated := s.Verify(first, horse); !match || outdated {
		t.Errorf("match %v, outdated %v", match, outdated)
	}
}

// Class N: what a hash does not read must not count as right.
func TestClassNSecretsThatDifferOnlyAtTheirEndAreDifferent(t *testing.T) {
	s := slot(t)
	long := strings.Repeat("a", 72)
	if match, _ := s.Verify(bcrypt72, long); !match {
		t.Error("72 octets are not verified")
	}
	for _, longer := range []string{long + "b", long + "\x00", long + long} {
		if match, _ := s.Verify(bcrypt72, longer); match {
			t.Errorf("bcrypt's 73rd octet does not count: %d octets match", len(longer))
		}
	}
	own, err := s.Hash(long + "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{long, long + "y", long + "xx"} {
		if match, _ := s.Verify(own, other); match {
			t.Errorf("%d octets match", len(other))
		}
	}
	longest := strings.Repeat("ä", passwords.MaxLength)
	if own, err = s.Hash(longest); err != nil {
		t.Fatal(err)
	}
	if match, _ := s.Verify(own, longest); !match || passwords.TooLong(longest) {
		t.Error("the longest password is not verified")
	}
	if own, err = s.Hash(longest + "ä"); err != nil {
		t.Fatal(err)
	}
	if match, _ := s.Verify(own, longest+"ä"); match || !passwords.TooLong(longest+"ä") || !passwords.TooLong(strings.Repeat("x", 1<<20)) {
		t.Error("a longer password than there can be is not refused")
	}
}

func TestHashesThatCostTooMuchOrAreNoneAreRefused(t *testing.T) {
	s := slot(t)
	key := strings.Repeat("A", 43)
	for _, hash := range []string{
		"", "plain", "$1$salt$aaaaaaaaaaaaaaaaaaaaaa", "$5$salt$x", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$" + key, "$y$j9T$x$y",
		"$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=131073,t=1,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=131072,t=3,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=9999999999,t=9999999999,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=19456,t=2,p=255$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=8,t=1,p=2$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=0,t=2,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1,k=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$t=2,m=19456,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$QQ",
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + key[:41], "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 400),
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + key + "\n",
		"$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 600) + "$" + key, "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 87) + "$" + key,
		"$2b$15$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O", "$2b$31$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O",
		"$2b$03$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O", "$2x$05$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O",
		"$2b$5$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O", "$2b$05$short",
		"$pbkdf2-sha256$9999999999$MDEyMzQ1Njc4OWFiY2RlZg$" + key, "$pbkdf2-sha256$1300001$MDEyMzQ1Njc4OWFiY2RlZg$" + key[:22],
		"$pbkdf2-md5$1000$MDEyMzQ1Njc4OWFiY2RlZg$" + key, "$pbkdf2-sha256$-1$MDEyMzQ1Njc4OWFiY2RlZg$" + key, "$pbkdf2-sha256$1000$MDEy$A", "$pbkdf2-sha256$1000$MDEy$" + key[:41],
		"$pbkdf2$1300000$MDEyMzQ1Njc4OWFiY2RlZg$" + key, "$pbkdf2-sha512$433334$MDEyMzQ1Njc4OWFiY2RlZg$" + key,
		"$pbkdf2-sha256$i=1000,l=31$MDEy$" + key, "$pbkdf2-sha256$i=9999999999$MDEy$" + key, "$pbkdf2-sha256$l=32,i=1000$MDEy$" + key,
		"pbkdf2_md5$1000$salt$" + key, "pbkdf2_sha256$1300001$salt$" + key, "pbkdf2_sha256$1000$$" + key, "pbkdf2_sha256$1000$sa$lt$" + key,
		"pbkdf2:sha256:1000$salt$abc", "pbkdf2:sha256$salt$" + strings.Repeat("ab", 32), "pbkdf2:sha256:1300001$salt$" + strings.Repeat("ab", 32),
		"scrypt:32767:8:1$salt$" + strings.Repeat("ab", 32), "scrypt:262144:8:1$salt$" + strings.Repeat("ab", 32), "scrypt:1:8:1$salt$" + strings.Repeat("ab", 32),
		"$scrypt$ln=18,r=8,p=1$c29tZXNhbHQ$" + key, "$scrypt$ln=14,r=64,p=2$c29tZXNhbHQ$" + key, "$scrypt$ln=58,r=8,p=8$c29tZXNhbHQ$" + key,
		"$scrypt$ln=14,r=8,p=9999$c29tZXNhbHQ$" + key, "$scrypt$ln=-1,r=8,p=1$c29tZXNhbHQ$" + key, "$scrypt$ln=14,r=8,p=1$c29tZXNhbHQ$" + key[:41],
	} {
		if passwords.CheckHash(hash) == nil {
			t.Errorf("%q is taken", hash)
		}
		if match, _ := s.Verify(hash, hash); match {
			t.Errorf("%q matches itself", hash)
		}
	}
}

// What other systems make today is taken.
func TestUsualParametersAreTaken(t *testing.T) {
	for _, hash := range []string{
		"pbkdf2_sha256$1000000$seasaltseasalt22$hp/DsjrEQ4AV0yJA9nFcz8txv8kr8/i/TQlPZvIvzhY=", // Django 5.2
		"$pbkdf2-sha256$1300000$MDEyMzQ1Njc4OWFiY2RlZg$" + strings.Repeat("A", 43),
		"$pbkdf2-sha512$i=210000$MDEyMzQ1Njc4OWFiY2RlZg$" + strings.Repeat("A", 86), // OWASP
		"$2y$14$abcdefghijklmnopqrstuu.xPI0D/04JlWcnvHoilxCp1m8QXBO4O",
	} {
		if err := passwords.CheckHash(hash); err != nil {
			t.Errorf("%s: %v", hash, err)
		}
	}
}

func TestNewPasswordsAreBounded(t *testing.T) {
	for password, ok := range map[string]bool{
		"": false, "1234567": false, "12345678": true, strings.Repeat("x", 64): true, strings.Repeat("ß", 1024): true,
		strings.Repeat("x", 1025): false, "1234567\xff": false, "ääääääää": true, "ääääääÄ": false, "with some spaces ": true,
	} {
		if err := passwords.Check(password); (err == nil) != ok {
			t.Errorf("%.20q of %d octets: %v", password, len(password), err)
		}
	}
}

func FuzzCheckHash(f *testing.F) {
	for _, hash := range []string{
		argonHash, bcryptOf, "$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$x/RTX0ZYH2V5BxUrqVKIqQAxRvs", "$scrypt$ln=14,r=8,p=1$MDEy$o/tO4JhkTB",
		"$pbkdf2-sha256$i=1000,l=32$MDEy$l56eoOqBsX+VjfgiRup8qry", "pbkdf2_sha1$1000$salt$rBgqKAiuQrvUhfwAoCMYONwVwk4=", "scrypt:16384:8:1$salt$80665f47f8af8aff10ff3f7bc9379ed0",
	} {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		if err := passwords.CheckHash(hash); err == nil && (len(hash) > 512 || !strings.HasPrefix(hash, "$") && !strings.HasPrefix(hash, "pbkdf2") && !strings.HasPrefix(hash, "scrypt:")) {
			t.Errorf("%q is taken", hash)
		}
	})
}

// Class M: who has no password, or one that cannot be read, costs a hash as everybody
// does. argon2 needs its memory for each, and nothing else here needs so much.
func TestClassMNothingToVerifyCostsAHash(t *testing.T) {
	s := slot(t)
	own, err := s.Hash(horse)
	if err != nil {
		t.Fatal(err)
	}
	cost := uint64(passwords.DefaultCost().Memory) << 10
	for name, c := range map[string][2]string{
		"a wrong password": {own, "wrong horse"}, "nobody": {"", horse}, "no hash": {"{SSHA}x", horse}, "a password that bcrypt would cut": {bcryptOf, strings.Repeat("a", 73)},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		match, _ := s.Verify(c[0], c[1])
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; match || took < cost || took > 2*cost {
			t.Errorf("%s: %v, by %d bytes, want %d", name, match, took, cost)
		}
	}
}
