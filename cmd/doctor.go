package cmd

import (
	"errors"
	"io"
	"strings"
)

type doctorCmd struct{}

// Outcomes of a finding.
const (
	found  = "ok"
	warned = "warn"
	failed = "fail"
)

// finding is what one check found, and what to do about it.
type finding struct {
	Check  string `json:"check"`
	Result string `json:"result"` // ok, warn or fail
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"`
}

func (c *doctorCmd) Run(a *app) error {
	findings := a.examine()
	err := a.show(map[string]any{"findings": findings}, func(w io.Writer) error {
		t := newTable(w)
		t.row("CHECK", "RESULT", "FOUND")
		for _, f := range findings {
			detail := f.Detail
			if f.Do != "" {
				detail += " -> " + f.Do
			}
			t.row(f.Check, f.Result, strings.Join(strings.Fields(detail), " ")) // what databases say has several lines
		}
		return t.Flush()
	})
	if err != nil {
		return err
	}
	var wrong []string
	for _, f := range findings {
		if f.Result == failed {
			wrong = append(wrong, f.Check)
		}
	}
	if len(wrong) > 0 {
		return errors.New("not healthy: " + strings.Join(wrong, ", "))
	}
	return nil
}

// examine makes all checks that the ones before leave possible.
func (a *app) examine() []finding {
	settings, err := a.settings()
	if err != nil {
		return []finding{{"settings", failed, strings.ReplaceAll(err.Error(), "\n", "; "), "correct them"}}
	}
	findings := examineSettings(settings, a.now())
	_, db, err := a.openDatabase()
	if err != nil {
		return append(findings, finding{"database", failed, err.Error(), "check database_url, and that the database runs"})
	}
	defer db.Close()
	d := &desk{app: a, settings: settings, db: db, actor: actor()}
	findings = append(findings, d.examineDatabase()...)
	return append(findings, examinePublicURL(a.ctx, settings))
}
