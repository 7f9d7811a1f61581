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

// module is this one.
const module = "github.com/gatehouse-auth/gatehouse"

// partOf says which version another module's program was made of; the commit
// would be that module's.
func partOf(b build, info *debug.BuildInfo) build {
	for _, dep := range info.Deps {
		if dep.Path == module && dep.Replace == nil {
			b.Version = dep.Version
		}
	}
	b.Commit = "unknown, part of " + info.Main.Path
	return b
}

func thisBuild() build {
	b := build{Version: "(devel)", Commit: "unknown", Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Backend: keys.Backend()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Path != module {
		return partOf(b, info)
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
