package dialects

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// StandardName is the name of the dialect of the RFCs, which every tenant
// speaks and none switches on.
const StandardName = "standard"

//go:embed specs/*.yaml
var builtin embed.FS

// Set is the dialects that a server knows.
type Set struct {
	standard *Spec
	others   []*Spec // sorted by name
}

// Builtin returns the dialects that come with the program.
func Builtin() *Set {
	set, err := LoadFiles()
	if err != nil {
		panic(err) // a test reads them, too
	}
	return set
}

// Load returns the dialects that come with the program and those of the files
// *.yaml in a directory, empty for none. Errors are those of LoadFiles; a file
// *.yml is one, too, rather than passed over.
func Load(directory string) (*Set, error) {
	if directory == "" {
		return LoadFiles()
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		file := filepath.Join(directory, entry.Name())
		switch filepath.Ext(file) {
		case ".yaml":
			files = append(files, file)
		case ".yml":
			return nil, fmt.Errorf("%s: is not read under this name: call it *.yaml", file)
		}
	}
	return LoadFiles(files...)
}

// LoadFiles returns the dialects that come with the program and those of some
// files. The error names every mistake by file and line, and specs that cannot
// stand beside each other.
func LoadFiles(files ...string) (*Set, error) {
	set := &Set{}
	var faults []error
	entries, err := builtin.ReadDir("specs")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		text, err := builtin.ReadFile("specs/" + entry.Name())
		if err != nil {
			return nil, err
		}
		faults = append(faults, set.add("built-in "+entry.Name(), text))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil {
			err = set.add(file, text)
		}
		faults = append(faults, err)
	}
	if err := errors.Join(append(faults, set.checkTogether())...); err != nil { // before sorting: the later one is at fault
		return nil, err
	}
	slices.SortFunc(set.others, func(a, b *Spec) int { return strings.Compare(a.Name, b.Name) })
	return set, nil
}

func (s *Set) add(file string, text []byte) error {
	spec, err := Parse(file, text)
	if err != nil {
		return err
	}
	if spec.Name == StandardName && s.standard == nil {
		s.standard = spec
		return nil
	}
	known := s.Lookup(spec.Name)
	if spec.Name == StandardName {
		known = s.standard
	}
	if known != nil {
		return spec.fault("name", "the name %s is that of %s", spec.Name, known.file)
	}
	s.others = append(s.others, spec)
	return nil
}

// Unanswered tells of each route of the spec that nothing answers yet, as its
// operation is reserved.
func (s *Spec) Unanswered() []string {
	var told []string
	for _, r := range s.Routes {
		if r.Operation.Reserved() {
			told = append(told, fmt.Sprintf("%s: nothing answers %s yet: the operation %s is reserved", s.file, r.Key(), r.Operation))
		}
	}
	return told
}

// checkTogether answers which specs claim what another one has: a route of the
// default spec, or a route of the shared host.
func (s *Set) checkTogether() error {
	var faults []error
	standard, shared := map[string]bool{}, map[string]*Spec{}
	for _, r := range s.standard.Routes {
		standard[r.Path] = true
	}
	for _, spec := range s.others {
		for i, r := range spec.Routes {
			at := fmt.Sprintf("routes[%d].path", i)
			if standard[r.Path] {
				faults = append(faults, spec.fault(at, "%s is a path of the default spec", r.Path))
			}
			if !r.SharedHost {
				continue
			}
			for _, key := range r.Keys() {
				if other := shared[key]; other != nil && other != spec {
					faults = append(faults, spec.fault(at, "%s belongs to the dialect %s on the shared host: only one may have it there", key, other.Name))
				}
				shared[key] = spec
			}
		}
	}
	return errors.Join(faults...)
}

// fault words a mistake that only other specs make one.
func (s *Spec) fault(path, format string, args ...any) error {
	d, err := readDocument(s.file, s.text, &Spec{})
	if err != nil {
		return err // it was read before
	}
	d.fault(path, format, args...)
	return d.err()
}

// Standard returns the dialect of the RFCs.
func (s *Set) Standard() *Spec { return s.standard }

// Others returns the dialects that tenants may switch on, sorted by name.
func (s *Set) Others() []*Spec { return s.others }

// Lookup returns the dialect of that name that tenants may switch on, nil for
// none.
func (s *Set) Lookup(name string) *Spec {
	for _, spec := range s.others {
		if spec.Name == name {
			return spec
		}
	}
	return nil
}

// Endpoints returns the methods and paths of the spec, each once.
func (s *Spec) Endpoints() []string {
	var keys []string
	for _, r := range s.Routes {
		for _, key := range r.Keys() {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// Key names the route among those of a tenant, or the few that are told apart by
// grant_type.
func (r *Route) Key() string { return r.Method + " " + r.Path }

// Keys returns the methods and paths at which the route answers.
func (r *Route) Keys() []string {
	if r.TrailingSlash {
		return []string{r.Key(), r.Key() + "/"}
	}
	return []string{r.Key()}
}

// File returns where the spec was read from.
func (s *Spec) File() string { return s.file }
