package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stormConnections is how many programs try passwords at once. They wait as
// long as Retry-After tells them.
const stormConnections = 200

// BenchmarkPasswordStorm asks for tokens of machines, alone and while 200
// connections try passwords: what a storm of them costs everybody else.
func BenchmarkPasswordStorm(b *testing.B) {
	n := startNode(b, "")
	warm(b, n)
	b.ResetTimer()
	began := time.Now()
	alone := load(b, b.N, n.address, n.tokenRequest())
	tookAlone := time.Since(began)

	var hashed, turnedAway atomic.Int64
	stop, storm := make(chan struct{}), sync.WaitGroup{}
	for i := range stormConnections {
		storm.Go(func() { n.tryPasswords(b, i, stop, &hashed, &turnedAway) })
	}
	time.Sleep(300 * time.Millisecond) // until the storm is there
	began = time.Now()
	besides := load(b, b.N, n.address, n.tokenRequest())
	tookBesides := time.Since(began)
	close(stop)
	storm.Wait()
	b.StopTimer()
	b.ReportMetric(tookAlone.Seconds()/tookBesides.Seconds(), "share-left")
	b.ReportMetric(percentile(alone, 99), "p99-alone-ms")
	b.ReportMetric(percentile(besides, 99), "p99-in-storm-ms")
	b.ReportMetric(float64(hashed.Load())/tookBesides.Seconds(), "hashed/s")
	b.ReportMetric(float64(turnedAway.Load())/tookBesides.Seconds(), "turned-away/s")
}

// tryPasswords is one connection of the storm. Each attempt is for another name
// and from another address, so that nobody has to wait for failures.
func (n *node) tryPasswords(b *testing.B, i int, stop chan struct{}, hashed, turnedAway *atomic.Int64) {
	conn, err := net.Dial("tcp", n.address)
	if err != nil {
		b.Error(err)
		return
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for attempt := 0; ; attempt++ {
		body := fmt.Sprintf("grant_type=password&client_id=load&client_secret=load-secret&username=u%d-%d&password=wrong+horse", i, attempt)
		fmt.Fprintf(conn, "POST /t/bench/oauth2/token HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 10.%d.%d.%d\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			n.address, i, attempt>>8&255, attempt&255, len(body), body)
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			b.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		pause := time.Duration(0)
		switch response.StatusCode {
		case http.StatusBadRequest:
			hashed.Add(1)
		case http.StatusServiceUnavailable:
			turnedAway.Add(1)
			pause = time.Second
		default:
			b.Errorf("a wrong password is answered %s", response.Status)
		}
		select {
		case <-stop:
			return
		case <-time.After(pause):
		}
	}
}
