package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Sync() error                 { return nil }

// BenchmarkDocument is the way of a document through the house, without the
// network: what bench.BenchmarkDocument measures whole.
func BenchmarkDocument(b *testing.B) {
	h := newHouse(b)
	h.seed()
	h.ask()
	h.server.Log = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), discard{}, zapcore.InfoLevel))
	handler := h.server.Handler()
	request := httptest.NewRequest(http.MethodGet, "http://gatehouse.example/t/acme/.well-known/jwks.json", nil)
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
}
