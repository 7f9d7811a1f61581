package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// connections is how many keep-alive connections the load comes on.
const connections = 16

// load sends the request so many times on keep-alive connections and returns
// the latencies, sorted. It speaks HTTP by hand, so that it leaves the processors
// to the server.
func load(b *testing.B, count int, address, request string) []time.Duration {
	b.Helper()
	var wg sync.WaitGroup
	latencies := make([][]time.Duration, connections)
	failures := make(chan error, connections)
	for i := range connections {
		share := count / connections
		if i < count%connections {
			share++
		}
		wg.Go(func() {
			var err error
			if latencies[i], err = sendAll(address, request, share); err != nil {
				failures <- err
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failures:
		b.Fatal(err)
	default:
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	return all
}

func sendAll(address, request string, count int) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)
	latencies := make([]time.Duration, 0, count)
	for range count {
		began := time.Now()
		if _, err := io.WriteString(conn, request); err != nil {
			return nil, err
		}
		if err := readAnswer(reader); err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(began))
	}
	return latencies, nil
}

// readAnswer reads one answer and insists on 200. It allocates nothing: what
// the load costs must not depend on how many headers there are.
func readAnswer(reader *bufio.Reader) error {
	status, err := reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	good, length := bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")), -1
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= len("\r\n") {
			break
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			length = 0
			for _, digit := range bytes.TrimRight(value, "\r\n") {
				length = 10*length + int(digit-'0')
			}
		}
	}
	if !good || length < 0 {
		return fmt.Errorf("an answer that is not 200, or without Content-Length (%d)", length)
	}
	_, err = reader.Discard(length)
	return err
}

// percentile returns the p-th percentile of sorted latencies in milliseconds.
func percentile(sorted []time.Duration, p int) float64 {
	return float64(sorted[(len(sorted)-1)*p/100].Microseconds()) / 1000
}
