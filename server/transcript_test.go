package server_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestTranscripts plays the conversations of testdata/*.txtar against a real
// server. Their parts, in any number and order:
//
//	admin    lines "METHOD path JSON", calls of the admin API that must succeed;
//	         "-> name=field" at the end keeps a field of the answer as {{name}}
//	clock    a duration that passes
//	request  an HTTP request as it goes out; {{basic id:secret}} makes HTTP Basic,
//	         {{repeat n text}} repeats, {{now 1h}} is an instant, {{assertion ...}} signs;
//	         Content-Length is added
//	answer   what must come back: the status line, the headers that must be
//	         there ("!Name" must not be), and the body. In JSON "<any>" stands
//	         for any value, "<jwt>" for a token, "<jwt {claims}>" for one with these
//	         among its claims, "<rfc3339>" for an instant, "<keep name>" for any that is kept
//	keep     lines "name regexp": what the group matches in the headers or the
//	         body of the last answer is kept as {{name}}
//	endpoint the status, and on the next lines the body, of what the endpoints of
//	         tenants answer from now on
//	asked    the claims of the last request to such an endpoint, whose signature
//	         the tenant's JWKS verifies
//	shows    lines that the last answer's body holds; after "!" one that it must not
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := &player{house: newHouse(t), t: t, vars: map[string]string{}}
			for i, part := range archive.Files {
				p.part = fmt.Sprintf("%s, part %d (%s)", filepath.Base(file), i+1, part.Name)
				p.play(part.Name, string(part.Data))
			}
		})
	}
}

// player plays one conversation.
type player struct {
	*house
	t      *testing.T
	part   string
	vars   map[string]string
	sink   *sink // of what tenants' endpoints are asked
	answer *http.Response
	body   []byte
}

func (p *player) play(kind, text string) {
	p.t.Helper()
	switch kind {
	case "admin":
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				p.call(line)
			}
		}
	case "clock":
		d, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil {
			p.t.Fatalf("%s: %v", p.part, err)
		}
		p.clock.Advance(d)
		p.poll()
	case "request":
		p.send(p.filled(text))
	case "answer":
		p.check(p.filled(text))
	case "keep":
		p.keep(text)
	case "endpoint":
		p.decide(text)
	case "asked":
		p.checkAsked(p.filled(text))
	case "shows":
		p.shows(p.filled(text))
	default:
		p.t.Fatalf("%s: no such part", p.part)
	}
}

// keep keeps parts of the last answer.
func (p *player) keep(text string) {
	p.t.Helper()
	var whole bytes.Buffer
	_ = p.answer.Header.Write(&whole)
	whole.Write(p.body)
	for line := range strings.Lines(text) {
		name, pattern, _ := strings.Cut(strings.TrimSpace(line), " ")
		match := regexp.MustCompile(pattern).FindSubmatch(whole.Bytes())
		if len(match) != 2 {
			p.t.Fatalf("%s: nothing is %s in\n%s", p.part, pattern, whole.Bytes())
		}
		p.vars[name] = html.UnescapeString(string(match[1]))
	}
}

// shows checks what a page says.
func (p *player) shows(text string) {
	p.t.Helper()
	for line := range strings.Lines(text) {
		want, absent := strings.CutPrefix(strings.TrimSpace(line), "!")
		if strings.Contains(string(p.body), want) == absent {
			p.t.Errorf("%s: %q must be there: %v, in\n%s", p.part, want, !absent, p.body)
		}
	}
}

// call makes one call of the admin API.
func (p *player) call(line string) {
	p.t.Helper()
	call, keep, _ := strings.Cut(p.filled(line), " -> ")
	method, rest, _ := strings.Cut(call, " ")
	path, body, _ := strings.Cut(rest, " ")
	answer := p.admin(method, path, body)
	if name, field, kept := strings.Cut(keep, "="); kept {
		p.vars[name] = fmt.Sprint(answer[field])
	}
}

var placeholder = regexp.MustCompile(`\{\{(\w+)(?: ([^\s}]+))?(?: ([^}]*))?\}\}`)

// filled replaces what stands in double braces.
func (p *player) filled(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		parts := placeholder.FindStringSubmatch(match)
		switch parts[1] {
		case "basic":
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(parts[2]))
		case "repeat":
			n, err := strconv.Atoi(parts[2])
			if err != nil {
				p.t.Fatalf("%s: %v", p.part, err)
			}
			return strings.Repeat(parts[3], n)
		case "now":
			return p.later(parts[2])
		}
		if value, known := p.vars[parts[1]]; known {
			return value
		}
		if text, known := p.signing(parts[1], parts[2], parts[3]); known {
			return text
		}
		p.t.Fatalf("%s: nothing is known as %s", p.part, match)
		return ""
	})
}

// send writes the request as bytes, so that nothing tidies it up.
func (p *player) send(text string) {
	p.t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	head = strings.TrimSuffix(head, "\n")
	if body != "" && !strings.Contains(head, "Content-Length:") {
		head += "\nContent-Length: " + strconv.Itoa(len(body))
	}
	conn, err := net.Dial("tcp", p.http.Listener.Addr().String())
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		_, _ = io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body)
	}()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	p.answer, err = http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
	if p.body, err = io.ReadAll(p.answer.Body); err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
}

func (p *player) check(text string) {
	p.t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	if status := "HTTP/1.1 " + p.answer.Status; status != lines[0] {
		p.t.Errorf("%s: got %s, want %s\n%s", p.part, status, lines[0], p.body)
		return
	}
	for _, line := range lines[1:] {
		name, want, _ := strings.Cut(line, ": ")
		if absent, ok := strings.CutPrefix(name, "!"); ok {
			if got := p.answer.Header.Values(absent); len(got) > 0 {
				p.t.Errorf("%s: there is a header %s: %s", p.part, absent, got)
			}
			continue
		}
		if got := p.answer.Header.Get(name); got != want && (want != "<any>" || got == "") {
			p.t.Errorf("%s: header %s is %q, want %q", p.part, name, got, want)
		}
	}
	if body = strings.TrimSpace(body); body != "" {
		p.checkBody(body)
	}
}

func (p *player) checkBody(text string) {
	p.t.Helper()
	var want, got any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		if string(bytes.TrimSpace(p.body)) != text {
			p.t.Errorf("%s: got body %q, want %q", p.part, p.body, text)
		}
		return
	}
	if err := json.Unmarshal(p.body, &got); err != nil {
		p.t.Errorf("%s: the body is no JSON: %q", p.part, p.body)
		return
	}
	p.compare("", want, got)
}

// compare reports where got is not what want asks for.
func (p *player) compare(path string, want, got any) {
	p.t.Helper()
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			p.t.Errorf("%s: %s is %v, want an object", p.part, path, got)
			return
		}
		for name, value := range want {
			if _, there := object[name]; !there {
				p.t.Errorf("%s: %s.%s is missing", p.part, path, name)
				continue
			}
			p.compare(path+"."+name, value, object[name])
		}
		for name, value := range object {
			if _, known := want[name]; !known {
				p.t.Errorf("%s: %s.%s is there: %v", p.part, path, name, value)
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			p.t.Errorf("%s: %s is %v, want %v", p.part, path, got, want)
			return
		}
		for i := range want {
			p.compare(fmt.Sprintf("%s[%d]", path, i), want[i], list[i])
		}
	case string:
		p.compareText(path, want, got)
	default:
		if fmt.Sprint(want) != fmt.Sprint(got) {
			p.t.Errorf("%s: %s is %v, want %v", p.part, path, got, want)
		}
	}
}

func (p *player) compareText(path, want string, got any) {
	p.t.Helper()
	if name, keep := strings.CutPrefix(want, "<keep "); keep {
		p.vars[strings.TrimSuffix(name, ">")] = fmt.Sprint(got)
		return
	}
	text, isText := got.(string)
	switch {
	case want == "<any>":
	case want == "<rfc3339>":
		if _, err := time.Parse(time.RFC3339, text); err != nil || !strings.HasSuffix(text, "Z") {
			p.t.Errorf("%s: %s is no instant: %v", p.part, path, got)
		}
	case strings.HasPrefix(want, "<jwt "):
		p.compareClaims(path, strings.TrimSuffix(strings.TrimPrefix(want, "<jwt "), ">"), text)
	case want == "<jwt>":
		if !isText || strings.Count(text, ".") != 2 {
			p.t.Errorf("%s: %s is no token: %v", p.part, path, got)
		}
	case !isText || text != want:
		p.t.Errorf("%s: %s is %v, want %q", p.part, path, got, want)
	}
}

// later returns the instant that is so far from now.
func (p *player) later(distance string) string {
	p.t.Helper()
	d, err := time.ParseDuration(distance)
	if err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
	return p.clock.Now().Add(d).UTC().Format(time.RFC3339)
}

// compareClaims checks some of a token's claims. Its signature is verified
// where tokens are used.
func (p *player) compareClaims(path, want, token string) {
	p.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		p.t.Errorf("%s: %s is no token: %q", p.part, path, token)
		return
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
	var wanted, claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		p.t.Fatalf("%s: %v", p.part, err)
	}
	for name, value := range wanted {
		if value == nil {
			if got, there := claims[name]; there {
				p.t.Errorf("%s: %s has the claim %s: %v", p.part, path, name, got)
			}
			continue
		}
		p.compare(path+"."+name, value, claims[name])
	}
}
