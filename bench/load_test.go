package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// connections is how many keep-alive connections the load comes on.
const connections = 16

// load sends b.N times the request on keep-alive connections and returns the
// latencies, sorted. It speaks HTTP by hand, so that it leaves the processors
// to the server.
func load(b *testing.B, address, request string) []time.Duration {
	b.Helper()
	var wg sync.WaitGroup
	latencies := make([][]time.Duration, connections)
	failures := make(chan error, connections)
	for i := range connections {
		count := b.N / connections
		if i < b.N%connections {
			count++
		}
		wg.Go(func() {
			var err error
			if latencies[i], err = sendAll(address, request, count); err != nil {
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

// readAnswer reads one answer and insists on 200.
func readAnswer(reader *bufio.Reader) error {
	text := textproto.NewReader(reader)
	status, err := text.ReadLine()
	if err != nil {
		return err
	}
	length := -1
	for {
		line, err := text.ReadLine()
		if err != nil {
			return err
		}
		if line == "" {
			break
		}
		if value, found := strings.CutPrefix(line, "Content-Length: "); found {
			if length, err = strconv.Atoi(value); err != nil {
				return err
			}
		}
	}
	if !strings.Contains(status, " 200 ") || length < 0 {
		return fmt.Errorf("answer %q with Content-Length %d", status, length)
	}
	_, err = reader.Discard(length)
	return err
}

// percentile returns the p-th percentile of sorted latencies in milliseconds.
func percentile(sorted []time.Duration, p int) float64 {
	return float64(sorted[(len(sorted)-1)*p/100].Microseconds()) / 1000
}
