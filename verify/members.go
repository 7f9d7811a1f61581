package verify

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// members calls each with the name and the raw value of every member of a JSON
// object, in order, until each returns false. It returns false for anything but
// one valid JSON object, and where each did. Names are exact: encoding/json would
// take a claim "SUB" for sub.
func members(object []byte, each func(name, value []byte) bool) bool {
	return utf8.Valid(object) && json.Valid(object) && walk(object, each)
}

// walk relies on valid JSON, and so needs to look for no errors.
func walk(object []byte, each func(name, value []byte) bool) bool {
	rest := skipSpace(object)
	if rest[0] != '{' {
		return false
	}
	for rest = skipSpace(rest[1:]); rest[0] != '}'; {
		end := literalEnd(rest)
		name, ok := unquote(rest[:end])
		rest = skipSpace(rest[end:])
		value, after := splitValue(skipSpace(rest[1:]))
		if !ok || !each(name, value) {
			return false
		}
		if rest = after; rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
	}
	return true
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// literalEnd is the index after the string literal that b begins with.
func literalEnd(b []byte) int {
	i := 1
	for b[i] != '"' {
		if b[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}

// splitValue cuts the value that b begins with from the comma or bracket after it.
func splitValue(b []byte) (value, after []byte) {
	depth, i := 0, 0
	for ; ; i++ {
		switch b[i] {
		case '"':
			i += literalEnd(b[i:]) - 1
			continue
		case '{', '[':
			depth++
			continue
		case ',':
			if depth > 0 {
				continue
			}
		case '}', ']':
			if depth > 0 {
				depth--
				continue
			}
		default:
			continue
		}
		return bytes.TrimRight(b[:i], " \t\r\n"), b[i:]
	}
}

func unquote(literal []byte) ([]byte, bool) {
	if bytes.IndexByte(literal, '\\') < 0 {
		return literal[1 : len(literal)-1], true
	}
	var text string
	err := json.Unmarshal(literal, &text)
	return []byte(text), err == nil
}

// stringValue reads a string, stringsValue one or an array of them.
func stringValue(value []byte) (string, bool) {
	if value[0] != '"' {
		return "", false
	}
	text, ok := unquote(value)
	return string(text), ok
}

func stringsValue(value []byte) (list []string, ok bool) {
	if text, ok := stringValue(value); ok {
		return []string{text}, true
	}
	if value[0] != '[' {
		return nil, false
	}
	for rest := skipSpace(value[1:]); rest[0] != ']'; {
		element, after := splitValue(rest)
		text, ok := stringValue(element)
		if !ok {
			return nil, false
		}
		list = append(list, text)
		if rest = after; rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
	}
	return list, true
}
