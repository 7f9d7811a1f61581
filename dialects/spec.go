// Package dialects holds the wire shapes of token services as data: which path
// does what, where parameters come from, how answers and errors look. It knows
// HTTP's words but serves nothing, and decides nothing about who gets a token.
package dialects

import (
	"bytes"
	"embed"
	"fmt"
	"net/http"

	"github.com/goccy/go-yaml"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Operation is what a route does.
type Operation string

// The operations that a server implements.
const (
	Token       Operation = "token"
	Metadata    Operation = "metadata"
	JWKS        Operation = "jwks"
	KeySchedule Operation = "key_schedule"
	Introspect  Operation = "introspect"
	Revoke      Operation = "revoke"
)

// Spec is one dialect.
type Spec struct {
	Name   string             `yaml:"name"`
	Routes []Route            `yaml:"routes"`
	Errors map[oauth.Code]int `yaml:"errors"`
}

// Route says what a method on a path does, below a tenant's issuer.
type Route struct {
	Method    string    `yaml:"method"`
	Path      string    `yaml:"path"`
	Operation Operation `yaml:"operation"`
}

//go:embed specs/*.yaml
var specs embed.FS

// Standard returns the dialect of the RFCs, which every tenant speaks.
func Standard() *Spec {
	text, err := specs.ReadFile("specs/standard.yaml")
	if err != nil {
		panic(err) // it is embedded
	}
	spec, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return spec
}

// Parse reads a Spec strictly: the error names the line of what is wrong.
func Parse(text []byte) (*Spec, error) {
	var spec Spec
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&spec); err != nil {
		return nil, fmt.Errorf("dialect: %w", err)
	}
	return &spec, nil
}

// Status returns the HTTP status that the dialect answers an error with.
func (s *Spec) Status(code oauth.Code) int {
	if status := s.Errors[code]; status != 0 {
		return status
	}
	return http.StatusBadRequest
}

// Path returns the path of an operation's first route, "" for none.
func (s *Spec) Path(o Operation) string {
	for _, r := range s.Routes {
		if r.Operation == o {
			return r.Path
		}
	}
	return ""
}
