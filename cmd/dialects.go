package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

type dialectsCmd struct {
	List dialectsListCmd `cmd:"" help:"List the dialects that tenants may switch on."`
	Lint dialectsLintCmd `cmd:"" help:"Check specs of dialects: every mistake is told by its line."`
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
		one := listedDialect{Name: spec.Name, Description: spec.Description, File: spec.File(), Routes: spec.Endpoints(), Unsafe: []string{}}
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
	Files []string `arg:"" name:"file" help:"The specs, YAML files. They are checked together, as they stand beside each other on a server."`
}

// Run reads the specs as a server does that starts with them, beside the dialects
// that come with the program.
func (c *dialectsLintCmd) Run(a *app) error {
	set, err := dialects.LoadFiles(c.Files...)
	if err != nil {
		return err
	}
	var told []string
	for _, spec := range set.Others() {
		if !slices.Contains(c.Files, spec.File()) {
			continue
		}
		for _, unanswered := range spec.Unanswered() {
			told = append(told, unanswered+".")
		}
		told = append(told, fmt.Sprintf("%s is the dialect %s with %d routes, and has no mistakes.", spec.File(), spec.Name, len(spec.Routes)))
	}
	return a.done("%s", strings.Join(told, "\n"))
}
