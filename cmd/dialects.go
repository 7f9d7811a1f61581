package cmd

import (
	"fmt"
	"os"
	"strings"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

type dialectsCmd struct {
	List dialectsListCmd `cmd:"" help:"List the dialects that tenants may switch on."`
	Lint dialectsLintCmd `cmd:"" help:"Check the spec of a dialect: every mistake is told by its line."`
}

type dialectsListCmd struct{}

// listedDialect is a dialect as it is listed.
type listedDialect struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Routes      []string `json:"routes"`
	Unsafe      []string `json:"unsafe"` // the habits that it allows
	File        string   `json:"file"`
}

func (dialectsListCmd) Run(a *app) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	var all []listedDialect
	for _, spec := range settings.dialects.Others() {
		one := listedDialect{Name: spec.Name, Description: spec.Description, File: spec.File(), Unsafe: []string{}}
		for _, route := range spec.Routes {
			one.Routes = append(one.Routes, route.Key())
		}
		for _, habit := range spec.Habits() {
			one.Unsafe = append(one.Unsafe, string(habit))
		}
		all = append(all, one)
	}
	return showTable(a, all, "NAME|DESCRIPTION|ROUTES|UNSAFE HABITS|FILE", func(d listedDialect) []string {
		return []string{d.Name, d.Description, fmt.Sprint(len(d.Routes)), strings.Join(d.Unsafe, " "), d.File}
	})
}

type dialectsLintCmd struct {
	File string `arg:"" help:"The spec, a YAML file."`
}

// Run checks the spec by itself, then beside the dialects that come with the
// program.
func (c *dialectsLintCmd) Run(a *app) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	spec, err := dialects.Parse(c.File, text)
	if err != nil {
		return err
	}
	if _, err := dialects.Builtin().With(spec); err != nil {
		return err
	}
	for _, route := range spec.Routes {
		if route.Operation.Reserved() {
			if err := a.done("%s: nothing answers %s yet: the operation %s is reserved.", c.File, route.Key(), route.Operation); err != nil {
				return err
			}
		}
	}
	return a.done("%s is the dialect %s with %d routes, and has no mistakes.", c.File, spec.Name, len(spec.Routes))
}
