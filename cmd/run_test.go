package cmd

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// A flag of a command means what the command says, whatever flags every command
// has beside it.
func TestEachFlagIsItsCommands(t *testing.T) {
	model := newTestParser(t).Model
	shared := 0
	for _, leaf := range model.Leaves(false) {
		for _, flag := range leaf.Flags {
			if !slices.ContainsFunc(model.Flags, func(f *kong.Flag) bool { return f.Name == flag.Name }) {
				continue
			}
			shared++
			parser := newTestParser(t)
			args := append(strings.Fields(leaf.FullPath())[1:], "--"+flag.Name+"=1h")
			if err := giveWay(parser, args); err != nil {
				t.Fatal(err)
			}
			traced, err := kong.Trace(parser, args)
			if err != nil || traced.Error != nil {
				t.Fatal(err, traced.Error)
			}
			last := traced.Path[len(traced.Path)-1]
			if last.Flag == nil || !slices.Contains(traced.Selected().Flags, last.Flag) {
				t.Errorf("%s --%s is taken by a flag of every command's", leaf.FullPath(), flag.Name)
			}
		}
	}
	if shared == 0 {
		t.Error("no command has a flag of a setting's name: nothing was tried")
	}
}

func newTestParser(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := newParser(&commands{}, io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return parser
}
