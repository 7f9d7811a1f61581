package gatehouse

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const conformance = "docs/conformance.md"

// The page about conformance has a row for every requirement and every class of
// attacks; each names proofs that are there, or says what stands in their place;
// and the proof of a class bears its name.
func TestWhatConformanceNamesIsThere(t *testing.T) {
	text, err := os.ReadFile(conformance)
	if err != nil {
		t.Fatal(err)
	}
	there := proofs(t)
	proof := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*|\\w+\\.txtar)`")
	for _, match := range proof.FindAllStringSubmatch(string(text), -1) {
		if !there[match[1]] {
			t.Errorf("%s names %s, which is no test here", conformance, match[1])
		}
	}
	rows := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^\| (\d+|[A-T]) \| (.*) \|$`).FindAllStringSubmatch(string(text), -1) {
		if rows[match[1]] != "" {
			t.Errorf("%s has two rows %s", conformance, match[1])
		}
		rows[match[1]] = match[2]
	}
	for _, name := range wanted() {
		row := rows[name]
		named := proof.FindStringSubmatch(row)
		switch {
		case row == "":
			t.Errorf("%s has no row %s", conformance, name)
		case named == nil && !strings.Contains(row, "not built") && !strings.Contains(row, "]("):
			t.Errorf("%s: row %s names no proof, and nothing in its place", conformance, name)
		case named != nil && name >= "A" && !strings.HasPrefix(named[1], "TestClass"+name):
			t.Errorf("%s: class %s has no test of its name at the front", conformance, name)
		}
	}
}

// wanted are the numbers of requirements about what is built, and the letters of
// all classes of attacks.
func wanted() (names []string) {
	for n := 1; n <= 72; n++ {
		if n <= 46 || n >= 59 { // between them: the authorization endpoint
			names = append(names, fmt.Sprint(n))
		}
	}
	for class := 'A'; class <= 'T'; class++ {
		names = append(names, string(class))
	}
	return names
}

// proofs returns the names of all test functions and transcripts.
func proofs(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != "."):
			return fs.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			all[entry.Name()] = true
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, match := range function.FindAllStringSubmatch(string(text), -1) {
				all[match[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
