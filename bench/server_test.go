package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// node is a gatehouse of the benchmark's own, in a process of its own.
type node struct {
	address string // of the public listener
	pid     int
}

// startNode builds and starts a server on an empty SQLite database, with a
// tenant "bench" that has an API and a client "load" with the secret "load-secret".
func startNode(b *testing.B, tags string) *node {
	b.Helper()
	dir := b.TempDir()
	binary := filepath.Join(dir, "gatehouse")
	build := exec.Command("go", "build", "-tags", tags, "-o", binary, "../cmd/gatehouse")
	build.Env = os.Environ()
	if tags != "" {
		build.Env = append(build.Env, "CGO_ENABLED=1")
	}
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	n := &node{address: freeAddress(b)}
	logs, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	serve := exec.Command(binary, "serve")
	serve.Dir = dir
	serve.Stdout, serve.Stderr = logs, logs
	serve.Env = append(os.Environ(),
		"GATEHOUSE_LISTEN="+n.address, "GATEHOUSE_PUBLIC_URL=http://"+n.address, "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1",
		"GATEHOUSE_BOOTSTRAP_CLIENT_ID=bench", "GATEHOUSE_BOOTSTRAP_CLIENT_SECRET=bench-secret")
	if err := serve.Start(); err != nil {
		b.Fatal(err)
	}
	n.pid = serve.Process.Pid
	b.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		_ = serve.Wait()
		if b.Failed() {
			text, _ := os.ReadFile(logs.Name())
			b.Logf("the server's log ends with:\n%s", text[max(0, len(text)-3000):])
		}
	})
	n.waitReady(b)
	n.seed(b)
	return n
}

func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (n *node) waitReady(b *testing.B) {
	b.Helper()
	for range 200 {
		response, err := http.Get("http://" + n.address + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatal("the server did not become ready")
}

const audience = "https://api.bench.example"

func (n *node) seed(b *testing.B) {
	b.Helper()
	response, err := http.PostForm("http://"+n.address+"/t/operator/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"bench"}, "client_secret": {"bench-secret"},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil || token.AccessToken == "" {
		b.Fatalf("no operator token: %s, %v", response.Status, err)
	}
	for _, call := range []struct{ path, body string }{
		{"tenants", `{"slug":"bench","name":"Bench"}`},
		{"tenants/bench/apis", `{"identifier":"` + audience + `","name":"API","scopes":[{"name":"read"},{"name":"write"}]}`},
		{"tenants/bench/clients", `{"client_id":"load","client_secret":"load-secret","name":"Load","grant_types":["client_credentials","password"],"apis":[{"identifier":"` + audience + `","scopes":["read","write"]}]}`},
	} {
		request, err := http.NewRequest(http.MethodPost, "http://"+n.address+"/admin/v1/"+call.path, strings.NewReader(call.body))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token.AccessToken)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusCreated {
			b.Fatalf("%s: %s %s", call.path, response.Status, body)
		}
	}
}

// get returns a request for the path as bytes.
func (n *node) get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + n.address + "\r\n\r\n"
}

// tokenRequest returns a client_credentials request as bytes.
func (n *node) tokenRequest() string {
	body := "grant_type=client_credentials&client_id=load&client_secret=load-secret&scope=read"
	return fmt.Sprintf("POST /t/bench/oauth2/token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", n.address, len(body), body)
}

// clockTick is the unit of times in /proc, the same on every Linux.
const clockTick = 10 * time.Millisecond

// cpu returns the processor time, user and system, that the kernel says the
// process has used.
func (n *node) cpu(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	if errUser != nil || errSystem != nil {
		b.Fatalf("no times in %q", rest)
	}
	return time.Duration(user+system) * clockTick
}

// bareGinEnv makes the test binary a bare gin server that answers with the
// given file; see TestMain.
const bareGinEnv = "BENCH_BARE_GIN"

func TestMain(m *testing.M) {
	if file := os.Getenv(bareGinEnv); file != "" {
		serveBareGin(file, os.Getenv(bareGinEnv+"_LISTEN"))
		return
	}
	os.Exit(m.Run())
}

func serveBareGin(file, address string) {
	body, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET("/document", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", body) })
	if err := http.ListenAndServe(address, router); err != nil {
		panic(err)
	}
}

// startBareGin starts a process that answers GET /document with the body.
func startBareGin(b *testing.B, body []byte) *node {
	b.Helper()
	file := filepath.Join(b.TempDir(), "document")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		b.Fatal(err)
	}
	n := &node{address: freeAddress(b)}
	bare := exec.Command(os.Args[0])
	bare.Env = append(os.Environ(), bareGinEnv+"="+file, bareGinEnv+"_LISTEN="+n.address)
	if err := bare.Start(); err != nil {
		b.Fatal(err)
	}
	n.pid = bare.Process.Pid
	b.Cleanup(func() { _ = bare.Process.Kill(); _ = bare.Wait() })
	for range 100 {
		if conn, err := net.Dial("tcp", n.address); err == nil {
			conn.Close()
			return n
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("the bare server did not start")
	return nil
}
