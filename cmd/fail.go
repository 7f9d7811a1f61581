package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// failText prints err, a line for each error that it joins, and returns the exit
// code.
func failText(stderr io.Writer, err error, code int) int {
	for _, one := range joined(err) {
		fmt.Fprintf(stderr, "gatehouse: error: %v\n", one)
	}
	return code
}

// failJSON is failText for programs: a JSON object in each line, with what the
// admin API would say beside its text (code, field, earliest ...).
func failJSON(stderr io.Writer, err error, code int) int {
	encoder := json.NewEncoder(stderr)
	encoder.SetEscapeHTML(false)
	for _, one := range joined(err) {
		shown := map[string]any{}
		var refused *admin.Error
		if errors.As(one, &refused) {
			maps.Copy(shown, refused.Details)
			if shown["code"] = refused.Code; refused.Field != "" {
				shown["field"] = refused.Field
			}
		}
		shown["error"] = one.Error()
		_ = encoder.Encode(shown) // what fails is the standard error
	}
	return code
}

// joined returns the errors that err joins, or err alone.
func joined(err error) []error {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || len(all.Unwrap()) == 0 {
		return []error{err}
	}
	var flat []error
	for _, one := range all.Unwrap() {
		flat = append(flat, joined(one)...)
	}
	return flat
}
