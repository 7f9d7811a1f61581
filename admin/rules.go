package admin

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Bounds of what people write.
const (
	maxName        = 200  // characters of a name
	maxDescription = 2000 // characters of a description
	maxItems       = 200  // entries of any list
)

// longest is the life of an access token that nothing may exceed, in seconds.
const longest = int(oauth.MaxTokenLife / time.Second)

// checkName holds a name to a line of visible text.
func checkName(field, name string) error {
	if name == "" || strings.TrimSpace(name) != name {
		return Errorf(CodeInvalid, field, "must be given, without space around it")
	}
	return checkText(field, name, maxName, "")
}

// checkNoID refuses what could be the id of something else that goes by its name
// or its id: it would be taken for it.
func checkNoID(field, name string) error {
	if len(name) == len(uuid.Nil.String()) && uuid.Validate(name) == nil {
		return Errorf(CodeInvalid, field, "must not have the form of a UUID: ids have it")
	}
	return nil
}

// checkText bounds a text and refuses control characters but those allowed.
func checkText(field, text string, limit int, allowed string) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return Errorf(CodeInvalid, field, "has %d characters, %d are allowed", n, limit)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) && !strings.ContainsRune(allowed, r) {
			return Errorf(CodeInvalid, field, "must hold no control characters")
		}
	}
	return nil
}

// checkDescription allows several lines.
func checkDescription(field, text string) error {
	return checkText(field, text, maxDescription, "\n\t")
}

// checkLifetime holds both lifetimes to 1 up to the platform's ceiling, where 0
// means not set, and the first to the second.
func checkLifetime(l tenants.Lifetime) error {
	if err := checkSeconds("access_token_lifetime", l.Default); err != nil {
		return err
	}
	if err := checkSeconds("max_access_token_lifetime", l.Max); err != nil {
		return err
	}
	if l.Max != 0 && l.Default > l.Max {
		return Errorf(CodeInvalid, "access_token_lifetime", "must not exceed max_access_token_lifetime (%d)", l.Max)
	}
	return nil
}

func checkSeconds(field string, seconds int) error {
	if seconds < 0 || seconds > longest {
		return Errorf(CodeInvalid, field, "must be 1 to %d seconds, or null where it is not set", longest)
	}
	return nil
}

// checkChoice holds a value to a list.
func checkChoice(field, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return Errorf(CodeInvalid, field, "%s is not known here: allowed are %s", quoted(value), listed(allowed))
}

// checkChoices holds each of some values to a list, and each to one mention.
func checkChoices(field string, values, allowed []string) error {
	for i, value := range values {
		if err := checkChoice(field, value, allowed); err != nil {
			return err
		}
		if slices.Contains(values[:i], value) {
			return Errorf(CodeInvalid, field, "%s is given twice", quoted(value))
		}
	}
	return nil
}

// checkCount bounds a list.
func checkCount(field string, n int) error {
	if n > maxItems {
		return Errorf(CodeInvalid, field, "has %d entries, %d are allowed", n, maxItems)
	}
	return nil
}

// listed writes a list of allowed values.
func listed(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(values, ", ")
}

// some is listed, cut short where there are many.
func some(values []string) string {
	const shown = 20
	if len(values) > shown {
		values = append(slices.Clone(values[:shown]), "and more")
	}
	return listed(values)
}

// quoted shows a value that came from outside: cut short, and in quotes that
// leave no control character.
func quoted(value string) string {
	const shown = 60
	if len(value) > shown {
		value = strings.ToValidUTF8(value[:shown], "") + "..."
	}
	return `"` + strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, value) + `"`
}

// filled returns the list, and an empty one for nil: what is shown as JSON is
// a list always.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// only reports whether text is min to max long and made of letters, digits and
// the characters of extra.
func only(text, extra string, minLength, maxLength int) bool {
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return len(text) >= minLength && len(text) <= maxLength
}

// isDots reports whether text is . or .., which clients take out of the path of a
// URL (RFC 3986 section 5.2.4).
func isDots(text string) bool { return text == "." || text == ".." }

// clipped returns a text of other people's as it may be stored and shown: cut
// short, without control characters.
func clipped(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return '?'
	}, text)
	if runes := []rune(text); len(runes) > maxName {
		text = string(runes[:maxName])
	}
	return text
}
