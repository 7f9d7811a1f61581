package cmd

import (
	"runtime"
	"runtime/debug"

	"github.com/gatehouse-auth/gatehouse/keys"
)

type versionCmd struct{}

// build is what this program was made of.
type build struct {
	Version string `json:"version"` // of the module; (devel) outside of a release
	Commit  string `json:"commit"`  // with +changes where it was built from more than that
	Go      string `json:"go"`
	Backend string `json:"signing_backend"`
}

func (c *versionCmd) Run(a *app) error {
	b := thisBuild()
	return a.showDetails(b, "gatehouse", b.Version, "commit", b.Commit, "go", b.Go, "signing backend", b.Backend)
}

func thisBuild() build {
	b := build{Version: "(devel)", Commit: "unknown", Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Backend: keys.Backend()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	changed := ""
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				changed = "+changes"
			}
		}
	}
	b.Commit += changed
	return b
}
