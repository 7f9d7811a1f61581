package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// wholeFile is what a file says of a tenant.
type wholeFile struct {
	name   string // for people
	tenant thing
	things map[string][]thing // by the section's name
}

// thing is what a file says of one thing, and where.
type thing struct {
	members object
	node    ast.Node // nil where an alias hides it
}

// readWhole reads the file of a tenant. What it says of things is judged by the
// use cases.
func readWhole(path string) (*wholeFile, error) {
	in, name := os.Stdin, "standard input"
	if path != "-" {
		name = filepath.Base(path)
		opened, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		in = opened
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	return wholeOf(name, text)
}

func wholeOf(name string, text []byte) (*wholeFile, error) {
	document, err := parser.ParseBytes(text, 0)
	var inJSON []byte
	if err == nil {
		inJSON, err = yaml.YAMLToJSON(text)
	}
	var syntax yaml.Error
	if errors.As(err, &syntax) { // its own text would quote the file, secrets and all
		return nil, fmt.Errorf("%s:%d: %s", name, syntax.GetToken().Position.Line, syntax.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("%s: is not YAML", name)
	}
	var body ast.Node
	for i, doc := range document.Docs {
		if i == 0 {
			body = doc.Body
		} else if _, comment := doc.Body.(*ast.CommentGroupNode); doc.Body != nil && !comment {
			return nil, fmt.Errorf("%s:%d: a second document; a file has one, which is one tenant", name, line(doc.Body))
		}
	}
	return parseWhole(&wholeFile{name: name, things: map[string][]thing{}}, body, inJSON)
}

func parseWhole(file *wholeFile, body ast.Node, inJSON []byte) (*wholeFile, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(inJSON, &members) != nil {
		return nil, fmt.Errorf("%s: must be a mapping with a tenant, as gatehouse export prints it", file.name)
	}
	nodes := membersOf(body)
	if tenant := nodes["tenant"]; tenant != nil {
		file.tenant.node = tenant.Value
	}
	if json.Unmarshal(members["tenant"], &file.tenant.members) != nil || file.tenant.members["slug"] == nil {
		return nil, file.at(file.tenant, errors.New("tenant: must be a mapping with at least the slug"))
	}
	delete(members, "tenant")
	for _, s := range sections() {
		list, given := members[s.name]
		delete(members, s.name)
		if !given {
			continue
		}
		var objects []object
		if json.Unmarshal(list, &objects) != nil {
			return nil, file.atMember(nodes[s.name], fmt.Errorf("%s: must be a list of mappings", s.name))
		}
		var items []ast.Node
		if nodes[s.name] != nil {
			items = itemsOf(nodes[s.name].Value)
		}
		if err := file.add(&s, objects, items); err != nil {
			return nil, err
		}
	}
	for unknown := range members {
		return nil, file.atMember(nodes[unknown], fmt.Errorf("%s is not known here: allowed are tenant, %s", unknown, sectionNames()))
	}
	return file, nil
}

// add takes up the things of a section.
func (f *wholeFile) add(s *section, objects []object, nodes []ast.Node) error {
	for i, o := range objects {
		one := thing{members: o}
		if len(nodes) == len(objects) {
			one.node = nodes[i]
		}
		for _, key := range s.key {
			if nothing(o[key]) {
				return f.at(one, fmt.Errorf("%s[%d]: %s is missing", s.name, i, key))
			}
		}
		if s.find(objects[:i], o) != nil {
			return f.at(one, fmt.Errorf("%s[%d]: %s is listed twice", s.name, i, s.label(o)))
		}
		f.things[s.name] = append(f.things[s.name], one)
	}
	return nil
}

// at says where in the file an error comes from: the line of the member that a
// use case names, else that of the thing.
func (f *wholeFile) at(t thing, err error) error {
	if err == nil {
		return nil
	}
	var refused *admin.Error
	if errors.As(err, &refused) {
		name, _, _ := strings.Cut(refused.Field, ".")
		name, _, _ = strings.Cut(name, "[")
		if member := membersOf(t.node)[name]; member != nil {
			return f.atMember(member, err)
		}
	}
	if t.node == nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return fmt.Errorf("%s:%d: %w", f.name, line(t.node), err)
}

// atMember says that an error comes from a member, nil for one that is hidden.
func (f *wholeFile) atMember(member *ast.MappingValueNode, err error) error {
	if member == nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return fmt.Errorf("%s:%d: %w", f.name, line(member.Key), err)
}

func line(node ast.Node) int { return node.GetToken().Position.Line }

// membersOf returns the members of a mapping by their names.
func membersOf(node ast.Node) map[string]*ast.MappingValueNode {
	members := map[string]*ast.MappingValueNode{}
	switch node := node.(type) {
	case *ast.MappingNode:
		for _, member := range node.Values {
			members[member.Key.GetToken().Value] = member
		}
	case *ast.MappingValueNode:
		members[node.Key.GetToken().Value] = node
	case *ast.AnchorNode:
		return membersOf(node.Value)
	}
	return members
}

// itemsOf returns the items of a list.
func itemsOf(node ast.Node) []ast.Node {
	switch node := node.(type) {
	case *ast.SequenceNode:
		return node.Values
	case *ast.AnchorNode:
		return itemsOf(node.Value)
	}
	return nil
}

func sectionNames() string {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}
