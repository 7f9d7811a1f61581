package cmd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// newParser makes the parser that fills line.
func newParser(line *commands, stdout, stderr io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("gatehouse"),
		kong.Description("A hosted OAuth token service for many tenants."),
		kong.Writers(stdout, stderr),
		kong.Vars{"presets": presetNames()},
		kong.Exit(exit),
		kong.Embed(settingFlags()),
		kong.ExplicitGroups([]kong.Group{{Key: settingsGroup, Title: "Settings:", Description: "Also in the YAML file (listen) and in the environment (GATEHOUSE_LISTEN), where the secrets belong."}}),
		kong.Help(help),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
	)
}

// spelled puts a command in the place of what is often written for it.
func spelled(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// verbs names ours for those of other programs.
func verbs() map[string][]string {
	show, create, update, end := []string{"show"}, []string{"create", "add"}, []string{"update"}, []string{"delete", "revoke"}
	return map[string][]string{
		"get": show, "describe": show, "view": show, "read": show, "ls": {"list"},
		"create": create, "new": create, "add": create, "make": create,
		"edit": update, "set": update, "modify": update, "change": update, "patch": update,
		"delete": end, "rm": end, "remove": end, "del": end, "destroy": end,
	}
}

// hinted adds to an error the verb that was meant, where it has another name
// here.
func hinted(err error, args []string) error {
	var parse *kong.ParseError
	if !errors.As(err, &parse) || parse.Context.Selected() == nil {
		return err
	}
	for _, child := range parse.Context.Selected().Children {
		for _, word := range args {
			if slices.Contains(verbs()[word], child.Name) && strings.Contains(err.Error(), "unexpected argument "+word) {
				return fmt.Errorf("unexpected argument %s, did you mean %q?", word, child.Name)
			}
		}
	}
	return err
}

// giveWay withdraws settings among the flags of the command in args. Those that
// the command has a flag of the same name for: what can be set of a tenant may be
// called as the platform's setting is, and kong would take the setting. And, but
// for serve, those that args do not give: a wrong flag is none of them.
func giveWay(parser *kong.Kong, args []string) error {
	traced, err := kong.Trace(parser, args)
	if err != nil {
		return err
	}
	selected := traced.Selected()
	if selected == nil {
		return nil
	}
	parser.Model.Flags = slices.DeleteFunc(parser.Model.Flags, func(f *kong.Flag) bool {
		if !isSetting(f) {
			return false
		}
		own := slices.ContainsFunc(selected.Flags, func(own *kong.Flag) bool { return own.Name == f.Name })
		given := slices.ContainsFunc(args, func(arg string) bool { return arg == "--"+f.Name || strings.HasPrefix(arg, "--"+f.Name+"=") })
		return own || !given && selected.Name != "serve"
	})
	return nil
}

func isSetting(f *kong.Flag) bool { return f.Group != nil && f.Group.Key == settingsGroup }

// flagLayer collects the settings that were given as flags.
func flagLayer(parsed *kong.Context) layer {
	names := map[string]string{}
	for _, one := range catalogue() {
		names[one.flag()] = one.name
	}
	found := layer{}
	for _, step := range parsed.Path {
		if step.Flag == nil || !isSetting(step.Flag) {
			continue
		}
		name, ok := names[step.Flag.Name]
		text, isText := parsed.FlagValue(step.Flag).(string)
		if ok && isText {
			found[name] = given{text: text, origin: "flag --" + step.Flag.Name}
		}
	}
	return found
}

// help prints what kong prints; only serve shows the settings, which every
// command takes.
func help(options kong.HelpOptions, parsed *kong.Context) error {
	selected := parsed.Selected()
	if selected == nil || selected.Name != "serve" {
		for _, flag := range parsed.Model.Flags {
			if isSetting(flag) {
				flag.Hidden = true
			}
		}
	}
	if err := kong.DefaultHelpPrinter(options, parsed); err != nil {
		return err
	}
	if selected == nil || selected.Name != "serve" {
		fmt.Fprintln(parsed.Stdout, "\nSettings are taken as flags, too: see `gatehouse serve --help`.")
	}
	return nil
}
