// Package bench measures the whole server from outside, as ratios to what is
// physically needed: run it with make bench.
package bench

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rawSignature returns the processor time of one RSA-2048 signature by
// crypto/rsa, with all processors signing, as they do in the server.
func rawSignature(b *testing.B) time.Duration {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	const each = 500
	digest := sha256.Sum256([]byte("digest"))
	before := ownCPU(b)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for range each {
				if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return (ownCPU(b) - before) / time.Duration(each*runtime.GOMAXPROCS(0))
}

func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// openSSLSignature returns the processor time of one RSA-2048 signature by
// OpenSSL, as its own speed test tells it.
func openSSLSignature(b *testing.B) time.Duration {
	b.Helper()
	out, err := exec.Command("openssl", "speed", "-seconds", "2", "rsa2048").Output()
	if err != nil {
		b.Fatalf("openssl speed: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if rest, found := strings.CutPrefix(line, "rsa 2048 bits "); found {
			seconds, err := strconv.ParseFloat(strings.TrimSuffix(strings.Fields(rest)[0], "s"), 64)
			if err != nil {
				b.Fatal(err)
			}
			return time.Duration(seconds * float64(time.Second))
		}
	}
	b.Fatalf("openssl speed does not tell: %s", out)
	return 0
}

// goals are what figures of a build should be at most. They are printed with the
// figures' units; nothing fails where one is not met, as machines differ.
type goals struct{ cpu, raw, p99 string }

// BenchmarkToken is a client_credentials request on a warm server: its
// processor time per token, and how many raw signatures of the same backend
// that is. With OpenSSL, either of the two goals will do.
func BenchmarkToken(b *testing.B) {
	b.Run("crypto-rsa", func(b *testing.B) {
		benchmarkToken(b, "", rawSignature, goals{raw: "(goal<=1.15)", p99: "(goal<=30)"})
	})
	b.Run("OpenSSL", func(b *testing.B) {
		benchmarkToken(b, "openssl", openSSLSignature, goals{cpu: "(goal<=420)", raw: "(or<=1.35)"})
	})
}

func benchmarkToken(b *testing.B, tags string, rawSignature func(*testing.B) time.Duration, goal goals) {
	n := startNode(b, tags)
	warm(b, n)
	b.ResetTimer()
	var tokens measure
	var raw time.Duration
	var latencies []time.Duration
	each := max(b.N/turns, 1)
	for range turns {
		raw += rawSignature(b) / turns
		latencies = append(latencies, tokens.add(b, each, n, n.tokenRequest())...)
	}
	slices.Sort(latencies)
	perToken := tokens.cpu / time.Duration(each*turns)
	b.ReportMetric(float64(each*turns)/tokens.wall.Seconds(), "tokens/s")
	b.ReportMetric(float64(perToken.Nanoseconds())/1000, "cpu-us/token"+goal.cpu)
	b.ReportMetric(float64(raw.Nanoseconds())/1000, "cpu-us/raw-signature")
	b.ReportMetric(float64(perToken)/float64(raw), "raw-signatures/token"+goal.raw)
	b.ReportMetric(percentile(latencies, 50), "p50-ms")
	b.ReportMetric(percentile(latencies, 99), "p99-ms"+goal.p99)
}

// warm asks for tokens until everything that they need is in memory, and waits
// until the server has made the signing keys that it keeps ready: a started
// server makes them once, and they are none of a token's costs.
func warm(b *testing.B, n *node) {
	b.Helper()
	for range 50 {
		if _, err := sendAll(n.address, n.tokenRequest(), 4); err != nil {
			b.Fatal(err)
		}
	}
	const look = 3 * time.Second // longer than the server rests between two keys
	for range 20 {
		before := n.cpu(b)
		time.Sleep(look)
		if n.cpu(b)-before < look/100 {
			return
		}
	}
	b.Fatal("the server does not come to rest")
}

// BenchmarkDocument asks for the public documents, in turn with a bare gin
// server that answers the same bytes.
func BenchmarkDocument(b *testing.B) {
	n := startNode(b, "")
	warm(b, n)
	for _, document := range []struct{ name, path string }{
		{"JWKS", "/t/bench/.well-known/jwks.json"},
		{"Discovery", "/t/bench/.well-known/openid-configuration"},
	} {
		b.Run(document.name, func(b *testing.B) {
			response, err := http.Get("http://" + n.address + document.path)
			if err != nil {
				b.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				b.Fatal(err)
			}
			bare := startBareGin(b, body)
			var ours, theirs measure
			each := max(b.N/turns, 1)
			for range turns {
				theirs.add(b, each, bare, bare.get("/document"))
				ours.add(b, each, n, n.get(document.path))
			}
			sent := float64(each * turns)
			b.ReportMetric(sent/ours.wall.Seconds(), "requests/s")
			b.ReportMetric(theirs.wall.Seconds()/ours.wall.Seconds(), "of-bare-gin")
			b.ReportMetric(float64(ours.cpu.Microseconds())/sent, "cpu-us/request")
			b.ReportMetric(float64(theirs.cpu.Microseconds())/sent, "bare-gin-cpu-us/request")
		})
	}
}

// turns are how often two things are measured one after the other, so that a noisy
// moment hits both.
const turns = 4

// measure adds up what turns took.
type measure struct{ wall, cpu time.Duration }

// add sends the request so many times, and returns the latencies.
func (m *measure) add(b *testing.B, count int, n *node, request string) []time.Duration {
	b.Helper()
	cpu, began := n.cpu(b), time.Now()
	latencies := load(b, count, n.address, request)
	m.wall += time.Since(began)
	m.cpu += n.cpu(b) - cpu
	return latencies
}
