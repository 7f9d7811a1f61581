package dialects

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxSpec is how long a spec may be, in bytes.
const maxSpec = 256 << 10

// Parse reads a Spec strictly. The error names, for each mistake, the file and
// the line and what is allowed there.
func Parse(file string, text []byte) (*Spec, error) {
	spec := &Spec{file: file, text: text}
	d, err := readDocument(file, text, spec)
	if err != nil {
		return nil, err
	}
	spec.link()
	spec.check(d)
	if err := d.err(); err != nil {
		return nil, err
	}
	spec.compile()
	return spec, nil
}

// document is a YAML text whose mistakes are told by line.
type document struct {
	file    string
	tree    *ast.File
	faults  []fault
	refused []string // the paths whose fields are none, or of the wrong type
}

type fault struct {
	line int
	text string
}

// readDocument decodes the only document of text into target. Fields that target
// has not, and values of the wrong type, are noted and passed over; the error is
// of what cannot be read at all.
func readDocument(file string, text []byte, target any) (d *document, err error) {
	if len(text) > maxSpec {
		return nil, fmt.Errorf("%s: is longer than %d KiB", file, maxSpec>>10)
	}
	defer func() {
		if recover() != nil { // by the parser, on what no editor writes
			d, err = nil, fmt.Errorf("%s: is not YAML", file)
		}
	}()
	d = &document{file: file}
	if d.tree, err = parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey()); err != nil {
		return nil, located(file, err)
	}
	if err := d.single(); err != nil {
		return nil, err
	}
	sound := d.walk("", d.tree.Docs[0].Body, reflect.TypeOf(target))
	decoder := yaml.NewDecoder(bytes.NewReader(nil), yaml.AllowDuplicateMapKey())
	if err := decoder.DecodeFromNode(sound, target); err != nil && len(d.faults) == 0 {
		return nil, located(file, err)
	}
	return d, nil
}

// single answers what is not one document with something in it.
func (d *document) single() error {
	if len(d.tree.Docs) > 1 {
		line := 1
		if second := d.tree.Docs[1]; second.Start != nil {
			line = second.Start.Position.Line
		} else if second.Body != nil {
			line = first(second.Body)
		}
		return fmt.Errorf("%s:%d: a second document begins here, and a file holds one", d.file, line)
	}
	if len(d.tree.Docs) == 1 {
		switch d.tree.Docs[0].Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.NullNode:
		default:
			return nil
		}
	}
	return fmt.Errorf("%s:1: is empty: a file holds one document with the fields of a spec", d.file)
}

// located words what the YAML library found wrong.
func located(file string, err error) error {
	var known yaml.Error
	if errors.As(err, &known) && known.GetToken() != nil {
		message, _, _ := strings.Cut(known.GetMessage(), "\n")
		mistyped, unexpected := (*yaml.TypeError)(nil), (*yaml.UnexpectedNodeTypeError)(nil)
		if errors.As(err, &mistyped) || errors.As(err, &unexpected) { // an alias: all else was looked at
			message = "what is repeated here is no value of this field"
		}
		return fmt.Errorf("%s:%d: %s", file, known.GetToken().Position.Line, message)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// fault notes a mistake at a path such as routes[2].method. Where the text has
// nothing at the path, the line is that of what should hold it. What was refused
// is not judged again.
func (d *document) fault(path, format string, args ...any) {
	for _, refused := range d.refused {
		if rest, below := strings.CutPrefix(path, refused); below && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return
		}
	}
	d.note(path, d.line(path), format, args...)
}

// refuse notes that what stands at the path is no value of its field.
func (d *document) refuse(path string, line int, format string, args ...any) {
	d.refused = append(d.refused, path)
	d.note(path, line, format, args...)
}

func (d *document) note(path string, line int, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	d.faults = append(d.faults, fault{line, message})
}

func (d *document) line(path string) int {
	for path != "" {
		if found, err := yaml.PathString("$." + path); err == nil {
			if node, err := found.FilterFile(d.tree); err == nil && node != nil {
				return first(node)
			}
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return first(d.tree.Docs[0].Body)
}

// first returns the line on which a node begins. That of a mapping is where its
// first key stands.
func first(node ast.Node) int {
	switch node := node.(type) {
	case *ast.MappingNode:
		if len(node.Values) > 0 {
			return node.Values[0].Key.GetToken().Position.Line
		}
	case *ast.MappingValueNode:
		return node.Key.GetToken().Position.Line
	case *ast.SequenceNode:
		if len(node.Values) > 0 {
			return first(node.Values[0])
		}
	}
	return node.GetToken().Position.Line
}

// err returns what was noted in the order of lines, nil for nothing.
func (d *document) err() error {
	slices.SortStableFunc(d.faults, func(a, b fault) int { return a.line - b.line })
	var all []error
	for _, f := range d.faults {
		all = append(all, fmt.Errorf("%s:%d: %s", d.file, f.line, f.text))
	}
	return errors.Join(all...)
}

// link gives routes what they take from their spec.
func (s *Spec) link() {
	last := map[string]*Route{} // of each method and path
	for i, r := range s.Routes {
		if r == nil {
			continue
		}
		if slices.Contains(s.Routes[:i], r) { // a YAML alias of a whole route
			again := *r
			again.next = nil
			r, s.Routes[i] = &again, &again
		}
		r.spec = s
		if before := last[r.Key()]; before != nil {
			before.next = r
		}
		last[r.Key()] = r
		if r.Grants == nil {
			r.Grants = s.Grants
		}
		if r.Permission == "" {
			r.Permission = s.Permission
		}
		if r.Lifetime == (Lifetime{}) {
			r.Lifetime = s.Lifetime
		}
		if len(r.Body) == 0 {
			r.Body = []Encoding{EncodingForm}
			if r.Method == "GET" {
				r.Body = []Encoding{EncodingNone}
			}
		}
		if r.Status == 0 {
			r.Status = 200
		}
		if r.ContentType == "" {
			r.ContentType = jsonType
		}
	}
}

// jsonType is the media type of answers unless a route says otherwise.
const jsonType = "application/json; charset=utf-8"
