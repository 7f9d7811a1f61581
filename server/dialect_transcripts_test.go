package server_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// answered is how often transcripts have an endpoint answer well, and refuse.
type answered struct{ well, refused int }

// Every endpoint of every dialect answers in a transcript, and refuses in one,
// unless it refuses nobody.
func TestEachEndpointOfADialectHasATranscript(t *testing.T) {
	played := transcribed(t)
	for _, d := range routes() {
		if d.isStandard() || d.route.Operation.Reserved() {
			continue
		}
		got := played[d.route.Key()]
		if got.well == 0 || got.refused == 0 && !publicDocument(d) {
			t.Errorf("%s %s: %d good answers and %d refusals are transcribed", d.dialect(), d.route.Key(), got.well, got.refused)
		}
	}
}

// transcribed counts the answers in the transcripts of dialects by method and path
// below a tenant's issuer. Paths that are not there at all do not count as refusals.
func transcribed(t *testing.T) map[string]answered {
	t.Helper()
	files, err := filepath.Glob("testdata/dialect_*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	asks := regexp.MustCompile(`^(GET|POST) (?:/t/[a-z0-9-]+)?(/[^ ?]+)[^\n]* HTTP/1.1\n`)
	played := map[string]answered{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		key := ""
		for _, part := range archive.Files {
			text := string(part.Data)
			if asked := asks.FindStringSubmatch(text); part.Name == "request" && asked != nil {
				key = asked[1] + " " + asked[2]
			}
			absent := strings.HasPrefix(text, "HTTP/1.1 404") && (!strings.Contains(text, "\n\n") || strings.Contains(text, "nothing at this path"))
			if part.Name != "answer" || absent {
				continue
			}
			got := played[key]
			if status := strings.TrimPrefix(text, "HTTP/1.1 "); status[0] == '2' || status[0] == '3' {
				got.well++
			} else {
				got.refused++
			}
			played[key] = got
		}
	}
	return played
}
