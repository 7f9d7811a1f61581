package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// show prints v as JSON where that was asked for, else what human prints.
func (a *app) show(v any, human func(io.Writer) error) error {
	if !a.json {
		return human(a.stdout)
	}
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// showTable prints items as the JSON list of the admin API, else as a table.
func showTable[T any](a *app, items []T, header string, row func(T) []string) error {
	if items == nil {
		items = []T{}
	}
	return a.show(admin.Page[T]{Items: items}, func(w io.Writer) error { return writeTable(w, items, header, row) })
}

func writeTable[T any](w io.Writer, items []T, header string, row func(T) []string) error {
	t := newTable(w)
	t.row(strings.Split(header, "|")...)
	for _, item := range items {
		t.row(row(item)...)
	}
	return t.Flush()
}

type table struct{ *tabwriter.Writer }

func newTable(w io.Writer) table { return table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// row prints cells. Characters that a terminal would obey are replaced: some
// cells hold what others chose.
func (t table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return '?'
		}, cell)
		if cells[i] == "" {
			cells[i] = "-"
		}
	}
	fmt.Fprintln(t, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
}

// showDetails prints v as JSON, else pairs of names and values, a line each. Of
// something new only what is set is of interest.
func (a *app) showDetails(v any, pairs ...string) error {
	return a.show(v, func(w io.Writer) error {
		t := newTable(w)
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i+1] != "" || !a.brief {
				t.row(pairs[i], pairs[i+1])
			}
		}
		return t.Flush()
	})
}

// done tells what was done, where there is nothing to show. A command calls it
// once.
func (a *app) done(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return a.show(map[string]string{"done": text}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, text)
		return err
	})
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05Z") }

func instantOr(at *time.Time, missing string) string {
	if at == nil {
		return missing
	}
	return instant(*at)
}

// rough writes a duration in its largest unit.
func rough(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + rough(-d)
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// list is the flag of every list.
type list struct {
	Query string `name:"query" short:"q" placeholder:"PREFIX" help:"Only what begins with it, by key or name."`
}

// everyPage reads a list to its end.
func everyPage[T any](prefix string, read func(admin.Query) (admin.Page[T], error)) ([]T, error) {
	return firstPages(0, prefix, read)
}

// firstPages reads a list until it has limit items; 0: to its end.
func firstPages[T any](limit int, prefix string, read func(admin.Query) (admin.Page[T], error)) ([]T, error) {
	var items []T
	query := admin.Query{Size: 200, Prefix: prefix}
	for {
		page, err := read(query)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if limit > 0 && len(items) >= limit {
			return items[:limit], nil
		}
		if query.PageToken = page.NextPageToken; query.PageToken == "" {
			return items, nil
		}
	}
}
