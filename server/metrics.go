package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gatehouse-auth/gatehouse/dialects"
)

// Metrics are what /metrics shows. No label names a tenant, a client or
// anything else that outsiders could make many of.
type Metrics struct {
	registry *prometheus.Registry
	tokens   *prometheus.CounterVec
	requests *prometheus.HistogramVec
	habits   *prometheus.CounterVec
}

// NewMetrics makes Metrics, with those of the process and of Go.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_token_requests_total", Help: "Token requests by grant and outcome: issued, or the error code.",
		}, []string{"grant", "outcome"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gatehouse_http_request_seconds", Help: "Time to answer by route and status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"route", "status"}),
		habits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_unsafe_habits_total", Help: "Requests that showed an unsafe habit which a dialect allows.",
		}, []string{"dialect", "habit"}),
	}
	m.registry.MustRegister(m.tokens, m.requests, m.habits, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge adds a value that is read at each scrape.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// LabelledGauge is Gauge for one of several values of the same name, told apart
// by labels.
func (m *Metrics) LabelledGauge(name, help string, labels map[string]string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

// Counter adds a count that is read at each scrape.
func (m *Metrics) Counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// Cache adds hits and misses of a cache.
func (m *Metrics) Cache(name string, stats func() (hits, misses uint64)) {
	counter := func(result string, value func() float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "gatehouse_cache_lookups_total", Help: "Look-ups in memory by cache and result.",
			ConstLabels: prometheus.Labels{"cache": name, "result": result},
		}, value))
	}
	counter("hit", func() float64 { hits, _ := stats(); return float64(hits) })
	counter("miss", func() float64 { _, misses := stats(); return float64(misses) })
}

// Handler returns the handler of the metrics listener.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

func (m *Metrics) issued(grant, outcome string) { m.tokens.WithLabelValues(grant, outcome).Inc() }

func (m *Metrics) showed(dialect string, habit dialects.Habit) {
	m.habits.WithLabelValues(dialect, string(habit)).Inc()
}

func (m *Metrics) answered(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}
