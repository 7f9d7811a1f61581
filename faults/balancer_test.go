package faults

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/oauth2"
)

// balancer leads each request to one of the nodes, in turn. A node that refuses
// the connection is passed over, as nobody has seen the request.
type balancer struct {
	nodes     []*node
	transport *http.Transport
	resend    bool // once, to another node, when a connection broke
	turn      atomic.Uint64
	refused   atomic.Int64
	resent    atomic.Int64
}

// Whether a balancer sends a request again when its connection broke.
const (
	again = true
	never = false
)

func (f *fleet) balanced(resend bool) *balancer {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	return &balancer{nodes: f.nodes, resend: resend, transport: &http.Transport{
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: 100, IdleConnTimeout: time.Minute,
	}}
}

type onlyAt struct{}

// at has the request go to that node and to no other one, unless n is nil.
func at(ctx context.Context, n *node) context.Context { return context.WithValue(ctx, onlyAt{}, n) }

func withClient(ctx context.Context, transport http.RoundTripper) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: transport, Timeout: 20 * time.Second})
}

// RoundTrip sends the request to the next node.
func (b *balancer) RoundTrip(request *http.Request) (*http.Response, error) {
	nodes := b.nodes
	if only, _ := request.Context().Value(onlyAt{}).(*node); only != nil {
		nodes = []*node{only}
	}
	first, resent := b.turn.Add(1), false
	for tried := uint64(0); ; tried++ {
		response, err := b.send(request, nodes[(first+tried)%uint64(len(nodes))])
		refused := errors.Is(err, syscall.ECONNREFUSED)
		switch {
		case err == nil:
			return response, nil
		case refused && tried < uint64(2*len(nodes)):
			b.refused.Add(1)
			if (tried+1)%uint64(len(nodes)) == 0 { // all of them
				time.Sleep(20 * time.Millisecond)
			}
		case !refused && b.resend && !resent && request.Context().Err() == nil:
			resent = true
			b.resent.Add(1)
		default:
			return nil, err
		}
	}
}

func (b *balancer) send(request *http.Request, n *node) (*http.Response, error) {
	sent := request.Clone(request.Context())
	sent.URL.Host, sent.Host = n.address, request.URL.Host
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		sent.Body = body
	} else if request.Body != nil && request.Body != http.NoBody {
		sent.Body = io.NopCloser(request.Body)
	}
	return b.transport.RoundTrip(sent)
}
