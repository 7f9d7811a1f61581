package dialects

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Limits of what a client may send, well above what any grant needs.
const (
	maxParams = 64
	maxDepth  = 4 // of objects in a JSON body
)

// parseForm is url.ParseQuery, but refuses what is repeated or not UTF-8 and
// leaves out what is empty (RFC 6749 section 3.1 and appendix B).
func parseForm(body string, ignoreCase bool) (oauth.Params, error) {
	params, seen := oauth.Params{}, map[string]bool{}
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		if len(seen) == maxParams {
			return nil, malformed("too many parameters")
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || !utf8.ValidString(name) {
			return nil, malformed("the parameters are not form-encoded UTF-8")
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil || !utf8.ValidString(value) {
			return nil, malformed("the parameters are not form-encoded UTF-8")
		}
		name = fold(name, ignoreCase)
		if seen[name] {
			return nil, repeated()
		}
		seen[name] = true
		if value != "" {
			params[name] = value
		}
	}
	return params, nil
}

func repeated() error {
	return oauth.Errorf(oauth.InvalidRequest, oauth.ReasonDuplicate, "a parameter is repeated")
}

// parseJSON reads a JSON object as parameters. Numbers and booleans are taken
// as they are written, null and empty texts are absent, and members of objects
// in it go by dotted names. Arrays are passed over: no parameter is one.
func parseJSON(body []byte, ignoreCase bool) (oauth.Params, error) {
	if !utf8.Valid(body) {
		return nil, malformed("the body is not UTF-8")
	}
	o := &object{decoder: json.NewDecoder(bytes.NewReader(body)), params: oauth.Params{}, seen: map[string]bool{}, ignoreCase: ignoreCase}
	o.decoder.UseNumber()
	begin, err := o.decoder.Token()
	if err != nil || begin != json.Delim('{') {
		return nil, malformed("the body is not a JSON object")
	}
	if err := o.read("", 1); err != nil {
		var known *oauth.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, malformed("the body is not a JSON object")
	}
	if _, err := o.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("something follows the JSON object")
	}
	return o.params, nil
}

// object reads a JSON object into parameters.
type object struct {
	decoder    *json.Decoder
	params     oauth.Params
	seen       map[string]bool
	ignoreCase bool
}

// read reads the members of an object whose brace has been read.
func (o *object) read(prefix string, depth int) error {
	if depth > maxDepth {
		return malformed("the body is nested too deeply")
	}
	for o.decoder.More() {
		key, err := o.decoder.Token()
		if err != nil {
			return err
		}
		name, isText := key.(string)
		if !isText {
			return malformed("the body is not a JSON object")
		}
		name = fold(prefix+name, o.ignoreCase)
		if o.seen[name] {
			return repeated()
		}
		if len(o.seen) == maxParams {
			return malformed("too many parameters")
		}
		o.seen[name] = true
		if err := o.member(name, depth); err != nil {
			return err
		}
	}
	_, err := o.decoder.Token() // the closing brace
	return err
}

func (o *object) member(name string, depth int) error {
	value, err := o.decoder.Token()
	if err != nil {
		return err
	}
	switch value := value.(type) {
	case json.Delim:
		if value == '{' {
			return o.read(name+".", depth+1)
		}
		return o.skip()
	case string:
		if value != "" {
			o.params[name] = value
		}
	case json.Number:
		o.params[name] = value.String()
	case bool:
		o.params[name] = map[bool]string{true: "true", false: "false"}[value]
	}
	return nil
}

// skip passes over an array whose bracket has been read.
func (o *object) skip() error {
	for open := 1; open > 0; {
		token, err := o.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			open++
		case json.Delim(']'), json.Delim('}'):
			open--
		}
	}
	return nil
}
