package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program that docs/resource-servers.md shows compiles as it stands there.
func TestTheProgramOnThePageCompiles(t *testing.T) {
	page, err := os.ReadFile("../../resource-servers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, found := strings.Cut(string(page), "```go\npackage main\n")
	if !found {
		t.Fatal("the page shows no program")
	}
	program, _, _ = strings.Cut(program, "\n```\n")
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte("package main\n"+program+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
