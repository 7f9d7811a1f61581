package cmd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// certificate writes a certificate that is good until an instant, and its key.
func certificate(t *testing.T, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestDoctorLooksAtTheCertificate(t *testing.T) {
	now := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	for result, until := range map[string]time.Time{
		found: now.Add(certificateWarning + time.Hour), warned: now.Add(certificateWarning - time.Hour), failed: now.Add(-time.Hour),
	} {
		cert, key := certificate(t, until)
		findings := examineSettings(&Settings{PublicURL: "https://a.example", TLSCert: cert, TLSKey: key}, now)
		if last := findings[len(findings)-1]; last.Check != "tls" || last.Result != result {
			t.Errorf("good until %s: %+v", until, last)
		}
	}
	findings := examineSettings(&Settings{PublicURL: "https://a.example", TLSCert: "nowhere", TLSKey: "nowhere"}, now)
	if last := findings[len(findings)-1]; last.Result != failed {
		t.Errorf("without a file: %+v", last)
	}
}

// deskAt is a desk without a database, at an instant.
func deskAt(t *testing.T, sealer *keys.Sealer, now time.Time) *desk {
	t.Helper()
	settings, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{app: &app{ctx: t.Context(), now: func() time.Time { return now }}, settings: settings, sealer: sealer}
}

func TestDoctorLooksAtSigningKeys(t *testing.T) {
	now := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	sealer := newSealer(t, keys.GenerateMasterKey())
	tenant := tenants.Tenant{ID: "t1", Slug: "acme", SigningAlg: keys.ES256}
	d := deskAt(t, sealer, now)
	key := func(tenantID string, signsFor time.Duration) keys.Key {
		k, err := keys.Generate(sealer, tenantID, keys.ES256, 0)
		if err != nil {
			t.Fatal(err)
		}
		k.PublishedAt, k.ActiveAt = now.Add(-signsFor), now.Add(-signsFor)
		return k
	}
	successor := key("t1", 0)
	successor.ActiveAt = now.Add(time.Hour)
	of := func(alg string, k keys.Key) keys.Key { k.Alg = alg; return k }
	for name, c := range map[string]struct {
		keys []keys.Key
		want string // of the only finding; empty: none
	}{
		"in order":         {[]keys.Key{key("t1", time.Hour)}, ""},
		"overdue":          {[]keys.Key{key("t1", 721*time.Hour)}, "no successor is published"},
		"succeeded soon":   {[]keys.Key{key("t1", 721*time.Hour), successor}, ""},
		"to sign soon":     {[]keys.Key{of(keys.RS256, key("t1", time.Hour)), successor}, "signs ES256 from 2026-03-10 01:00:00Z on"},
		"no successor":     {[]keys.Key{of(keys.RS256, key("t1", time.Hour))}, "no key that signs ES256"},
		"nothing signs":    {[]keys.Key{successor}, "no key that signs ES256"},
		"of someone else":  {[]keys.Key{key("t2", time.Hour)}, keys.ErrNotGenuine.Error()},
		"gone, not opened": {[]keys.Key{key("t1", time.Hour), func() keys.Key { k := key("t2", time.Hour); k.RevokedAt = &now; return k }()}, ""},
	} {
		findings := d.examineKeys(tenant, keys.Set{TenantID: "t1", Keys: c.keys})
		switch {
		case c.want == "" && len(findings) > 0:
			t.Errorf("%s: %+v", name, findings)
		case c.want != "" && (len(findings) != 1 || !strings.Contains(findings[0].Detail, c.want)):
			t.Errorf("%s: %+v does not say %q", name, findings, c.want)
		case c.want != "" && (findings[0].Result == found) != (name == "to sign soon"):
			t.Errorf("%s: %+v", name, findings)
		}
	}
}

func TestDoctorComparesClocks(t *testing.T) {
	db := storetest.Open(t)
	for off, result := range map[time.Duration]string{0: found, 50 * time.Second: found, -70 * time.Second: failed, time.Hour: failed} {
		d := deskAt(t, nil, time.Now())
		if !storetest.IsPostgres() { // its clock is the one that it was opened with
			d.db = storetest.OpenURL(t, storetest.URL(t), store.Options{Now: func() time.Time { return time.Now().Add(-off) }})
		} else {
			d.db = db
			d.app.now = func() time.Time { return time.Now().Add(off) }
		}
		if f := d.examineClock(); f.Result != result {
			t.Errorf("off by %s: %+v", off, f)
		}
	}
}
