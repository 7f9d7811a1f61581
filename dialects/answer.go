package dialects

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// Form is how a value is written.
type Form string

// The values of Form; empty: as it is.
const (
	FormList    Form = "list"    // words as a JSON array
	FormRFC3339 Form = "rfc3339" // an instant
	FormLower   Form = "lower"   // in lower case
	FormNumber  Form = "number"  // digits as a JSON number, anything else as it is
)

// Field is a member of a JSON answer.
type Field struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"` // one of the operation's values; or
	Text  string `yaml:"text"`  // a fixed one
	As    Form   `yaml:"as"`
	Less  int    `yaml:"less"` // seconds that are told less than there are
	// Always keeps a field whose value is empty.
	Always bool `yaml:"always"`
}

// Encode writes a token's answer as the route has it.
func (r *Route) Encode(a *oauth.Response) []byte {
	out := make([]byte, 0, len(a.AccessToken)*(1+len(r.fields)/5)+256)
	out = append(out, '{')
	for i := range r.fields {
		out = r.fields[i].appendToken(out, a)
	}
	return append(out, '}')
}

// appendToken appends the field, if there is something to say.
func (f *field) appendToken(out []byte, a *oauth.Response) []byte {
	if f.text != nil {
		return append(f.begin(out), f.text...)
	}
	text := ""
	switch f.Value {
	case "expires_in":
		return strconv.AppendInt(f.begin(out), max(a.ExpiresIn-int64(f.Less), 0), 10)
	case "expires_at":
		if f.As == FormRFC3339 {
			text = time.Unix(a.ExpiresAt, 0).UTC().Format(time.RFC3339)
			break
		}
		return strconv.AppendInt(f.begin(out), a.ExpiresAt, 10)
	case "access_token":
		text = a.AccessToken
	case "token_type":
		text = a.TokenType
	case "scope":
		text = a.Scope
	case "refresh_token":
		text = a.RefreshToken
	case "issued_token_type":
		text = a.IssuedTokenType
	}
	if text == "" && !f.Always {
		return out
	}
	out = f.begin(out)
	if f.As == FormList {
		return appendList(out, text)
	}
	if f.As == FormLower {
		text = strings.ToLower(text)
	}
	return appendText(out, text)
}

// begin appends the comma, where one is due, and the name.
func (f *field) begin(out []byte) []byte {
	if out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	return append(out, f.key...)
}

func appendList(out []byte, words string) []byte {
	out = append(out, '[')
	for i, word := range strings.Fields(words) {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, word)
	}
	return append(out, ']')
}

// appendText appends a JSON string.
func appendText(out []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(out, quoted(text)...)
		}
	}
	out = append(out, '"')
	out = append(out, text...)
	return append(out, '"')
}

// isNumber reports whether text is a JSON number of digits that every program
// can hold.
func isNumber(text string) bool {
	return text != "" && len(text) <= 15 && strings.Trim(text, "0123456789") == "" && (text[0] != '0' || text == "0")
}

// EncodeList writes an answer that is a list, of what value returns for each of
// its n things; see EncodeValues. next is the token of the next page.
func (r *Route) EncodeList(n int, value func(i int, name string) any, next string) ([]byte, error) {
	out := []byte{'['}
	for i := range n {
		one, err := r.EncodeValues(func(name string) any { return value(i, name) })
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, one...)
	}
	out = append(out, ']')
	if r.Items == "" {
		return out, nil
	}
	whole := append([]byte{'{'}, quoted(r.Items)...)
	whole = append(append(whole, ':'), out...)
	if next != "" {
		whole = append(whole, `,"next_page_token":`...)
		whole = appendText(whole, next)
	}
	return append(whole, '}'), nil
}

// EncodeValues writes an answer of another operation than token: value returns
// what stands behind a name of the operation's vocabulary, nil for nothing.
func (r *Route) EncodeValues(value func(name string) any) ([]byte, error) {
	out := []byte{'{'}
	for i := range r.fields {
		f := &r.fields[i]
		if f.text != nil {
			out = append(f.begin(out), f.text...)
			continue
		}
		content := value(f.Value)
		if (content == nil || content == "") && !f.Always {
			continue
		}
		if digits, isText := content.(string); isText && f.As == FormNumber && isNumber(digits) {
			content = json.Number(digits)
		}
		text, err := json.Marshal(content)
		if err != nil {
			return nil, err
		}
		out = append(f.begin(out), text...)
	}
	return append(out, '}'), nil
}
