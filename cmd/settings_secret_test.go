package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsComeFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s, err := load(t, "", []string{
		"GATEHOUSE_DATABASE_URL_FILE=" + write("url", "postgres://me:pw@db/gatehouse\n"),
		"GATEHOUSE_MASTER_KEY_FILE=" + write("key", "k1\nk2\r\n"),
		"GATEHOUSE_BOOTSTRAP_CLIENT_SECRET_FILE=" + write("secret", " with spaces "),
		"GATEHOUSE_BOOTSTRAP_CLIENT_ID=me",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.DatabaseURL != "postgres://me:pw@db/gatehouse" || s.MasterKey != "k1\nk2" || s.BootstrapClientSecret != " with spaces " {
		t.Errorf("got %q, %q, %q", string(s.DatabaseURL), string(s.MasterKey), string(s.BootstrapClientSecret))
	}
	for name, text := range map[string]string{"empty": "\n", "large": strings.Repeat("x", maxSecretFile+1)} {
		if _, err := load(t, "", []string{"GATEHOUSE_MASTER_KEY_FILE=" + write(name, text)}, nil); err == nil {
			t.Errorf("a secret from an %s file was taken", name)
		}
	}
}

func TestAnotherWayInALaterLayerReplacesTheEarlierOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("sqlite:from-file.db"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := load(t, "database_url: sqlite:from-yaml.db", nil, map[string]string{"database_url_file": file})
	if err != nil || s.DatabaseURL != "sqlite:from-file.db" {
		t.Errorf("got %v, %v", s.DatabaseURL, err)
	}
	s, err = load(t, "database_url_file: "+file, []string{"GATEHOUSE_DATABASE_URL=sqlite:from-env.db"}, nil)
	if err != nil || s.DatabaseURL != "sqlite:from-env.db" {
		t.Errorf("got %v, %v", s.DatabaseURL, err)
	}
	s, err = load(t, "master_key: a", []string{"GATEHOUSE_MASTER_KEY_COMMAND=echo b"}, nil)
	if err != nil || s.MasterKey != "" || s.MasterKeyCommand != "echo b" {
		t.Errorf("got %q, %q, %v", string(s.MasterKey), s.MasterKeyCommand, err)
	}
}

func TestSettingsPrintWithoutSecrets(t *testing.T) {
	s, err := load(t, "", []string{
		"GATEHOUSE_DATABASE_URL=postgres://me:hush1@db/gatehouse?sslpassword=hush2",
		"GATEHOUSE_MASTER_KEY=hush3", "GATEHOUSE_BOOTSTRAP_CLIENT_ID=me", "GATEHOUSE_BOOTSTRAP_CLIENT_SECRET=hush4",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for how, text := range map[string]string{
		"String": s.String(), "%v": fmt.Sprintf("%v", s), "%+v": fmt.Sprintf("%+v", *s), "%#v": fmt.Sprintf("%#v", *s), "JSON": string(asJSON),
	} {
		if strings.Contains(text, "hush") {
			t.Errorf("%s shows a secret: %s", how, text)
		}
	}
	if text := s.String(); !strings.Contains(text, "database_url=postgres://me:xxxxx@db/gatehouse") || !strings.Contains(text, "listen=:8080 (default)") {
		t.Errorf("the settings read %s", text)
	}
}

func TestPlainHTTPIsWarnedOfBeyondThisMachine(t *testing.T) {
	for url, warnings := range map[string]int{
		"http://localhost:8080": 0, "http://acme.localhost": 0, "http://127.0.0.1:1": 0, "http://[::1]:1": 0, "https://auth.example": 0,
		"http://auth.example": 1, "http://10.0.0.1": 1,
	} {
		s, err := load(t, "", nil, map[string]string{"public_url": url})
		if err != nil || len(s.Warnings()) != warnings {
			t.Errorf("%s: %v, %v", url, s.Warnings(), err)
		}
	}
}

func TestShortBootstrapSecretIsWarnedOfAndNotShown(t *testing.T) {
	for secret, warnings := range map[string]int{"hush-hush": 1, "hush-hush-hush-1": 0} {
		s, err := load(t, "", []string{"GATEHOUSE_BOOTSTRAP_CLIENT_ID=operator", "GATEHOUSE_BOOTSTRAP_CLIENT_SECRET=" + secret}, nil)
		if err != nil || len(s.Warnings()) != warnings || strings.Contains(strings.Join(s.Warnings(), ""), "hush") {
			t.Errorf("%q, %v", s.Warnings(), err)
		}
	}
}

// What is wrong with a secret is told with the file that it came by.
func TestSecretsOfFilesAreToldWithTheirSetting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "bootstrap_client_secret_file (environment GATEHOUSE_BOOTSTRAP_CLIENT_SECRET_FILE): "
	given := "GATEHOUSE_BOOTSTRAP_CLIENT_SECRET_FILE=" + file
	s, err := load(t, "", []string{"GATEHOUSE_BOOTSTRAP_CLIENT_ID=operator", given}, nil)
	if err != nil || len(s.Warnings()) != 1 || !strings.HasPrefix(s.Warnings()[0], want+"has 9 characters") {
		t.Errorf("%q, %v", s.Warnings(), err)
	}
	if _, err := load(t, "", []string{given}, nil); err == nil || err.Error() != want+"needs bootstrap_client_id beside it" {
		t.Errorf("got %v", err)
	}
}

// Every setting has a help text, and a flag unless it is a secret.
func TestSettingsAreDescribedAndHaveFlags(t *testing.T) {
	var out strings.Builder
	if code := run(t.Context(), []string{"serve", "--help"}, nil, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	for _, one := range catalogue() {
		if one.help == "" {
			t.Errorf("%s has no help text", one.name)
		}
		if got := strings.Contains(out.String(), "--"+one.flag()+"="); got == one.secret {
			t.Errorf("%s: has a flag %v, is a secret %v", one.name, got, one.secret)
		}
	}
}
