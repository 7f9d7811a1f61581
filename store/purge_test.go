package store_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/store/storetest"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// What a storm of guesses leaves behind goes, however much it is.
func TestManyThatAreOverArePurged(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme")
	const many = 5001 // more than one transaction takes
	_, err := db.TakeAttempt(t.Context(), tenants.Attempt{TenantID: tenant.ID, Account: "?", At: instant.AddDate(-1, 0, 0)})
	must(t, err)
	insert := `WITH RECURSIVE c(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM c WHERE i < 5001)
		INSERT INTO sign_in_attempts (tenant_id, account, source, failures, blocked_until, updated_at)
		SELECT tenant_id, account || i, source, failures, blocked_until, updated_at FROM sign_in_attempts, c`
	if _, err := db.Pool().ExecContext(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	if n, err := db.PurgeAttempts(t.Context(), instant); err != nil || n != many {
		t.Errorf("%d were purged, %v", n, err)
	}
	var left int
	must(t, db.Pool().QueryRowContext(t.Context(), "SELECT count(*) FROM sign_in_attempts").Scan(&left))
	if left != 0 {
		t.Errorf("%d are left", left)
	}
}

// Whoever adds a table of what ends says here who deletes what is over.
func TestEveryTableOfWhatEndsIsPurged(t *testing.T) {
	known := map[string]string{
		"clients": "an administrator", "client_secrets": "an administrator", "client_keys": "an administrator", "api_keys": "an administrator",
		"revocations": "PurgeExpired", "opaque_tokens": "PurgeExpired", "spent_assertions": "PurgeExpired", "expiry_warnings": "PurgeExpired",
		"refresh_families": "PurgeRefreshTokens", "sessions": "PurgeSessions", "spent_proofs": "PurgeSessions", "device_codes": "PurgeSessions",
	}
	query := "SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c ON c.name = 'expires_at' WHERE m.type = 'table'"
	if storetest.IsPostgres() {
		query = "SELECT table_name FROM information_schema.columns WHERE column_name = 'expires_at' AND table_schema = current_schema()"
	}
	rows, err := storetest.Open(t).Pool().QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	found := 0
	for ; rows.Next(); found++ {
		var table string
		must(t, rows.Scan(&table))
		if known[table] == "" {
			t.Errorf("nobody deletes what has expired in %s", table)
		}
	}
	must(t, rows.Err())
	if found != len(known) {
		t.Errorf("%d tables have an expires_at, want %d", found, len(known))
	}
}

func TestWhatKeysSignedIsToldForAYearAndMore(t *testing.T) {
	db := storetest.Open(t)
	tenant := newTenant(t, db, "acme")
	must(t, db.AddUses(t.Context(), []tenants.FirstUse{
		{TenantID: tenant.ID, Kid: "k", ClientID: "erp", Audience: "a", Hour: instant, Count: 1, LatestExpiry: instant},
		{TenantID: tenant.ID, Kid: "k", ClientID: "erp", Audience: "a", Hour: instant.Add(time.Hour), Count: 1, LatestExpiry: instant.AddDate(0, 2, 0)},
	}))
	for _, test := range []struct{ days, want int }{{300, 2}, {401, 1}, {500, 0}} {
		_, err := db.PurgeExpired(t.Context(), instant.AddDate(0, 0, test.days))
		must(t, err)
		if uses, err := db.Uses(t.Context(), tenant.ID, "k", admin.Range{}); err != nil || len(uses) != test.want {
			t.Errorf("after %d days %d are told, want %d, %v", test.days, len(uses), test.want, err)
		}
	}
}
