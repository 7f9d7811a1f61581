package cmd

import (
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/grants"
)

const guide = "../docs/operators.md"

func readGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The operators' guide lists every setting with its default, and no other.
func TestTheGuideListsTheSettings(t *testing.T) {
	text := readGuide(t)
	for _, one := range catalogue() {
		fallback := ""
		if one.fallback != "" {
			fallback = "`" + one.fallback + "` "
		}
		if row := "\n| `" + one.env() + "` | " + fallback + "| "; strings.Count(text, row) != 1 {
			t.Errorf("the guide has no row %q", row)
		}
	}
	if rows := strings.Count(text, "\n| `"+envPrefix); rows != len(catalogue()) {
		t.Errorf("the guide has %d settings, the program %d", rows, len(catalogue()))
	}
}

// The operators' guide has the patterns by which scanners find secrets.
func TestTheGuideHasThePatternsOfSecrets(t *testing.T) {
	for _, pattern := range []string{admin.SecretPattern, grants.RefreshPattern, grants.OpaquePattern} {
		if !strings.Contains(readGuide(t), "`"+pattern+"`") {
			t.Errorf("the guide lacks %s", pattern)
		}
	}
}

// Every metric that the operators' guide names is there: an alert on another
// would never fire.
func TestTheGuideNamesMetricsThatExist(t *testing.T) {
	n := nodeOn(t, zap.NewNop())
	asked := httptest.NewRequest("POST", string(n.settings.PublicURL)+"/t/operator/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	n.server.Handler().ServeHTTP(httptest.NewRecorder(), asked) // some are there from the first request on
	answer := httptest.NewRecorder()
	n.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	named := regexp.MustCompile(`\bgatehouse_[a-z_]+[a-z]\b[^\[*]`).FindAllString(readGuide(t), -1)
	if len(named) < 6 {
		t.Errorf("the guide names %d metrics", len(named))
	}
	for _, name := range named {
		name = name[:len(name)-1]
		if !strings.Contains(answer.Body.String(), "\n# TYPE "+name+" ") {
			t.Errorf("there is no metric %s", name)
		}
	}
}

// The operators' guide lists every command, and no other. A row names the first of
// its commands in full, and of the others what is different at the end.
func TestTheGuideListsTheCommands(t *testing.T) {
	parser, err := newParser(&commands{}, io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var known, listed []string
	for _, leaf := range parser.Model.Leaves(true) {
		known = append(known, leaf.FullPath())
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`gatehouse [^|]*) \\|").FindAllStringSubmatch(readGuide(t), -1) {
		base := ""
		for _, code := range regexp.MustCompile("`[^`]+`").FindAllString(row[1], -1) {
			if command := strings.Trim(code, "`"); base == "" {
				listed, base = append(listed, command), command[:strings.LastIndexByte(command, ' ')+1]
			} else {
				listed = append(listed, base+command)
			}
		}
	}
	slices.Sort(known)
	slices.Sort(listed)
	if !slices.Equal(known, listed) {
		t.Errorf("the guide lists\n%s\nand the program has\n%s", strings.Join(listed, "\n"), strings.Join(known, "\n"))
	}
}

// Every shell block of the operators' guide runs, in its order, on a new
// SQLite database.
func TestTheGuidesCommandsRun(t *testing.T) {
	dir := t.TempDir()
	shell := func(script string) {
		t.Helper()
		cmd := exec.Command("sh", "-e", "-c", script)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "OLD_SECRET=hush-hush-hush-12", "GORACE=" + soon}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s\n%v\n%s", script, err, out)
		}
	}
	shell("gatehouse migrate up")
	furnishAt(t, "sqlite:"+filepath.Join(dir, "gatehouse-data", "gatehouse.db"))
	blocks := strings.Split(readGuide(t), "```sh\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the guide has no commands")
	}
	for _, block := range blocks {
		script, _, _ := strings.Cut(block, "```")
		shell(script)
	}
}

func furnishAt(t *testing.T, database string) {
	t.Helper()
	if err := furnished([]string{"GATEHOUSE_DATABASE_URL=" + database}); err != nil {
		t.Fatal(err)
	}
}
