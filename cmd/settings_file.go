package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fileLayer reads the YAML file: one mapping from the settings' names to plain
// values or lists of them. An empty path gives nothing.
func fileLayer(path string) (layer, error) {
	if path == "" {
		return layer{}, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("settings file: %w", err)
	}
	return parseFile(filepath.Base(path), content)
}

func parseFile(file string, content []byte) (layer, error) {
	document, err := parser.ParseBytes(content, 0)
	var syntax yaml.Error
	if errors.As(err, &syntax) { // its own text would quote the file, secrets and all
		return nil, fmt.Errorf("%s:%d: %s", file, syntax.GetToken().Position.Line, syntax.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	found := layer{}
	var problems []error
	for i, doc := range document.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 {
			problems = append(problems, fmt.Errorf("%s:%d: a second document; settings are one mapping", file, doc.Body.GetToken().Position.Line))
			break
		}
		values, err := mapping(file, doc.Body)
		if err != nil {
			return nil, err
		}
		for _, entry := range values {
			problems = append(problems, found.addEntry(file, entry))
		}
	}
	return found, errors.Join(problems...)
}

func mapping(file string, node ast.Node) ([]*ast.MappingValueNode, error) {
	switch node := node.(type) {
	case *ast.MappingNode:
		return node.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}, nil
	case *ast.CommentGroupNode:
		return nil, nil
	}
	return nil, fmt.Errorf("%s:%d: settings must be a mapping such as `listen: :8080`", file, node.GetToken().Position.Line)
}

func (l layer) addEntry(file string, entry *ast.MappingValueNode) error {
	at := fmt.Sprintf("%s:%d", file, entry.Key.GetToken().Position.Line)
	name := entry.Key.GetToken().Value
	var names []string
	for _, one := range catalogue() {
		names = append(names, one.name)
		if one.name != name {
			continue
		}
		text, err := one.yamlText(entry.Value)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", at, name, err)
		}
		l[name] = given{text: text, origin: at}
		return nil
	}
	return unknown("setting", name, at+": ", "", names)
}

func (s setting) yamlText(node ast.Node) (string, error) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, nil
	case *ast.LiteralNode:
		return node.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, nil
	case *ast.NullNode:
		return "", errors.New(`has no value; write "" for an empty one`)
	case *ast.SequenceNode:
		if !s.list {
			return "", errors.New("takes one value, not a list")
		}
		var items []string
		for _, item := range node.Values {
			if _, nested := item.(*ast.SequenceNode); nested {
				return "", errors.New("takes a list of plain values")
			}
			text, err := s.yamlText(item)
			if err != nil {
				return "", err
			}
			items = append(items, text)
		}
		return strings.Join(items, ","), nil
	}
	return "", errors.New("takes a plain value")
}
