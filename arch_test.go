// Package gatehouse holds no code: its test keeps the arrows between the rooms
// that docs/architecture.md draws, and keeps state out of packages.
package gatehouse

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const module = "github.com/gatehouse-auth/gatehouse"

// homes say which rooms may import a foreign library whose touch spreads.
var homes = map[string]string{
	"github.com/gin-gonic/": "server",
	"gorm.io/":              "store",
	"go.uber.org/zap":       "server cmd",
}

// constants are the calls whose result nobody changes.
var constants = []string{"errors.New", "fmt.Errorf", "regexp.MustCompile", "template.Must", "reflect.TypeFor", "netip.MustParsePrefix"}

// drawn returns the arrows of docs/architecture.md: which of our rooms each room
// may import; "*" is every room. Imports of tests are free.
func drawn(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("\n## Arrows\n"))
	_, text, _ = bytes.Cut(text, []byte("\n```\n"))
	block, _, _ := bytes.Cut(text, []byte("\n```\n"))
	arrows := map[string][]string{}
	for line := range strings.Lines(string(block)) {
		from, to, found := strings.Cut(line, "->")
		if !found {
			t.Fatalf("docs/architecture.md draws no arrow by %q", line)
		}
		to, _, _ = strings.Cut(to, "(")
		allowed := strings.FieldsFunc(to, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
		switch strings.TrimSpace(to) {
		case "everything":
			allowed = []string{"*"}
		case "nothing of ours":
			allowed = nil
		}
		for room := range strings.SplitSeq(from, ",") {
			arrows[strings.TrimSpace(room)] = allowed
		}
	}
	return arrows
}

func TestImportsFollowTheArrows(t *testing.T) {
	arrows, used := drawn(t), map[string]bool{}
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := packages.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if _, known := arrows[roomOf(pkg.ImportPath)]; !known && pkg.ImportPath != module {
			t.Errorf("%s is in a room that docs/architecture.md does not draw", pkg.ImportPath)
		}
		for _, imported := range pkg.Imports {
			used[roomOf(pkg.ImportPath)+" -> "+roomOf(imported)] = true
			checkArrow(t, pkg.ImportPath, imported, arrows[roomOf(pkg.ImportPath)])
		}
	}
	for room, allowed := range arrows {
		for _, to := range allowed {
			if arrow := room + " -> " + to; to != "*" && !used[arrow] {
				t.Errorf("docs/architecture.md draws %s, which nothing needs", arrow)
			}
		}
	}
}

func checkArrow(t *testing.T, from, to string, allowed []string) {
	t.Helper()
	room := roomOf(from)
	if strings.HasPrefix(to, module+"/") && !slices.Contains(allowed, "*") && roomOf(to) != room && !slices.Contains(allowed, roomOf(to)) {
		t.Errorf("%s imports %s; room %s may import only: %s", from, to, room, allowed)
	}
	for library, rooms := range homes {
		if strings.HasPrefix(to, library) && !slices.Contains(strings.Fields(rooms), room) {
			t.Errorf("%s imports %s, whose home is only: %s", from, to, rooms)
		}
	}
}

// roomOf is the first folder of an import path of ours.
func roomOf(importPath string) string {
	room, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/"), "/")
	return room
}

func TestPackagesHoldNoState(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && skipped(path, entry.Name()) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			for _, fault := range stateIn(decl) {
				t.Errorf("%s: %s", files.Position(decl.Pos()), fault)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// skipped names the folders without code of ours that runs outside of tests.
func skipped(path, base string) bool {
	hidden := strings.HasPrefix(base, ".") && path != "."
	return hidden || base == "node_modules" || base == "testdata" || strings.HasSuffix(base, "test")
}

// stateIn names what a declaration of a package puts there that could change:
// init functions, and variables that are maps, slices, channels or pointers.
// Errors, embedded files and what constants names are free.
func stateIn(decl ast.Decl) (faults []string) {
	if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
		return []string{"func init: let main say it"}
	}
	vars, ok := decl.(*ast.GenDecl)
	if !ok || vars.Tok != token.VAR || strings.Contains(comments(vars.Doc), "//go:embed") {
		return nil
	}
	for _, spec := range vars.Specs {
		value := spec.(*ast.ValueSpec)
		if value.Names[0].Name == "_" || strings.Contains(comments(value.Doc), "//go:embed") {
			continue
		}
		if mutable(value.Type) || slices.ContainsFunc(value.Values, mutable) {
			faults = append(faults, "var "+value.Names[0].Name+" can change: make it a function, or a field of who needs it")
		}
	}
	return faults
}

// mutable reports whether a type, or the value of an expression, can be changed
// by whoever reaches the variable. A call that is not known to give a constant
// counts as mutable.
func mutable(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.MapType, *ast.ChanType, *ast.StarExpr:
		return true
	case *ast.ArrayType:
		return e.Len == nil
	case *ast.SelectorExpr:
		return strings.HasPrefix(name(e), "sync.") || strings.HasPrefix(name(e), "atomic.")
	case *ast.UnaryExpr:
		return e.Op == token.AND
	case *ast.IndexExpr:
		return mutable(e.X)
	case *ast.CompositeLit:
		return mutable(e.Type)
	case *ast.CallExpr:
		return !slices.Contains(constants, name(e.Fun))
	}
	return false
}

// name is the spelling of x.y or x.y[T].
func name(expr ast.Expr) string {
	if generic, ok := expr.(*ast.IndexExpr); ok {
		return name(generic.X)
	}
	if sel, ok := expr.(*ast.SelectorExpr); ok {
		if pkg, ok := sel.X.(*ast.Ident); ok {
			return pkg.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

// comments is the whole text, directives too.
func comments(group *ast.CommentGroup) (text string) {
	if group == nil {
		return ""
	}
	for _, c := range group.List {
		text += c.Text + "\n"
	}
	return text
}
