package cmd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// certificateWarning is how long before its end a certificate is warned of.
const certificateWarning = 14 * 24 * time.Hour

func examineSettings(s *Settings, now time.Time) []finding {
	findings := []finding{{"settings", found, count(len(s.origins), "setting") + " given, the others are defaults", ""}}
	for _, warning := range s.Warnings() {
		findings = append(findings, finding{"settings", warned, warning, "put TLS in front, and change public_url"})
	}
	if s.TLSCert == "" {
		return findings
	}
	pair, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return append(findings, finding{"tls", failed, s.tlsProblem(err).Error(), "correct tls_cert and tls_key"})
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return append(findings, finding{"tls", failed, err.Error(), "correct tls_cert"})
	}
	f := finding{"tls", found, "the certificate is good until " + instant(leaf.NotAfter), ""}
	if left := leaf.NotAfter.Sub(now); left <= 0 {
		f.Result, f.Do = failed, "renew it and restart"
	} else if left < certificateWarning {
		f.Result, f.Do = warned, "renew it and restart"
	}
	return append(findings, f)
}

// examineDatabase checks what the database holds, from the outside in.
func (d *desk) examineDatabase() []finding {
	name := fmt.Sprint(d.settings.DatabaseURL)
	if err := d.db.Ping(d.ctx); err != nil {
		return []finding{{"database", failed, name + ": " + err.Error(), "check database_url, and that the database runs"}}
	}
	findings := []finding{{"database", found, name, ""}}
	state, err := d.db.SchemaState(d.ctx)
	if err == nil && state != store.SchemaCurrent {
		err = schemaError(state)
	}
	if err != nil {
		return append(findings, finding{"schema", failed, err.Error(), ""})
	}
	findings = append(findings, finding{"schema", found, "as this program needs it", ""}, d.examineClock())
	if path, missing := d.masterKeyToCome(); missing {
		return append(findings, finding{"master key", warned, path + " is not there yet", "`gatehouse serve` makes it"})
	}
	if d.sealer, err = openSealer(d.ctx, d.settings, d.db); err == nil {
		err = checkMasterKey(d.ctx, d.db, d.sealer)
	}
	if err != nil {
		return append(findings, finding{"master key", failed, err.Error(), ""})
	}
	findings = append(findings, finding{"master key", found, "opens everything; " + d.sealer.ID() + " seals", ""})
	if missing := d.settings.defaultTenantMissing(d.ctx, d.db); missing != "" {
		findings = append(findings, finding{"tenants", warned, missing, "make it, or correct default_tenant"})
	}
	return append(findings, d.examineTenants()...)
}

// masterKeyToCome reports whether opening the sealer would make a master key:
// looking must change nothing.
func (d *desk) masterKeyToCome() (path string, missing bool) {
	database, sqlite := d.settings.DatabaseURL.SQLitePath()
	if !sqlite || d.settings.MasterKey != "" || d.settings.MasterKeyCommand != "" {
		return "", false
	}
	path = filepath.Join(filepath.Dir(database), "master.key")
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	sealed, err := d.db.SealedBy(d.ctx)
	return path, err == nil && len(sealed) == 0
}

func (d *desk) examineClock() finding {
	before := d.now()
	at, err := d.db.Clock(d.ctx)
	if err != nil {
		return finding{"clock", failed, err.Error(), ""}
	}
	off := at.Sub(before.Add(d.now().Sub(before) / 2)).Abs()
	f := finding{"clock", found, fmt.Sprintf("%s from the database's", off.Round(time.Millisecond)), ""}
	if off > d.settings.ClockSkew {
		f.Result, f.Do = failed, fmt.Sprintf("set both clocks (NTP); clock_skew allows %s", short(d.settings.ClockSkew))
	}
	return f
}

// examinePublicURL asks the shared host for its health, as others reach it.
func examinePublicURL(ctx context.Context, s *Settings) finding {
	status, body, err := ask(ctx, s.PublicURL+"/healthz")
	switch {
	case err != nil:
		return finding{"public url", warned, err.Error(), "start the server, or correct public_url; other machines may reach it all the same"}
	case status != http.StatusOK || !strings.Contains(body, `"status"`):
		return finding{"public url", warned, fmt.Sprintf("%s/healthz answers %d", s.PublicURL, status), "something else is there: correct public_url or the proxy"}
	}
	return finding{"public url", found, s.PublicURL + " answers", ""}
}

// unreached reports whether a tenant without hosts has an issuer that is not
// below the public URL any more.
func unreached(t tenants.Tenant, publicURL string) bool {
	return len(t.Hosts) == 0 && !strings.HasPrefix(t.Issuer, publicURL+"/t/")
}
