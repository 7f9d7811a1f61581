package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/server"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Times of starting and stopping.
const (
	prepareEvery = time.Second
	headStart    = time.Second            // for preparing, while the first clients wait
	drainFor     = 2 * time.Second        // clients are told to go elsewhere
	handshakes   = 300 * time.Millisecond // for a connection to be made, there and back
	lastRequests = 500 * time.Millisecond // for what connected last to send its request
	stopWithin   = 7 * time.Second        // after that, for requests to finish
	logFlush     = 200 * time.Millisecond // a write for each line would cost more than answering from memory
)

// serveCmd is `gatehouse serve`.
type serveCmd struct{}

// Run serves until the program is told to stop. The log goes to the standard
// error; the standard output has the operator's credentials, if they are new.
func (serveCmd) Run(a *app) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	log, err := newLog(settings.LogLevel, a.stderr)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }()
	tuneGC(a.environ)
	for _, warning := range settings.Warnings() {
		log.Warn(warning)
	}
	for _, spec := range settings.dialects.Others() {
		for _, told := range spec.Unanswered() {
			log.Warn(told)
		}
	}
	n, closeNode, err := openNode(a.ctx, settings, log)
	if err != nil {
		return err
	}
	spareProcessor(a.environ) // for more than the node's parts were made for
	return errors.Join(n.run(a.ctx, a.showCredentials), closeNode())
}

// gcPercent trades some memory for processor time: what a request leaves behind
// is small and short-lived, and collecting it at every 4 MB costs more than
// answering from memory does.
const gcPercent = 400

// tuneGC applies gcPercent unless the operator has decided by GOGC.
func tuneGC(environ []string) {
	if !isSet(environ, "GOGC") {
		debug.SetGCPercent(gcPercent)
	}
}

// spareProcessor gives the scheduler one processor more than signatures can take.
// While all are busy signing, nobody looks whether a request has come: with one to
// spare, the slowest of a hundred tokens takes half the time. The operator may
// decide otherwise by GOMAXPROCS.
func spareProcessor(environ []string) {
	if !isSet(environ, "GOMAXPROCS") {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}

// isSet reports whether a variable stands in the environment.
func isSet(environ []string, variable string) bool {
	return slices.ContainsFunc(environ, func(entry string) bool { return strings.HasPrefix(entry, variable+"=") })
}

// newLog makes the log: JSON, a line for each entry.
func newLog(level string, out io.Writer) (*zap.Logger, error) {
	parsed, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, err
	}
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	config.TimeKey = "time"
	buffered := &zapcore.BufferedWriteSyncer{WS: zapcore.AddSync(out), FlushInterval: logFlush}
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(config), buffered, parsed)), nil
}

// openNode opens the database and wires a node. One process serves an SQLite
// file: a second one is told who has it.
func openNode(ctx context.Context, settings *Settings, log *zap.Logger) (n *node, closeNode func() error, err error) {
	db, err := store.Open(ctx, string(settings.DatabaseURL), store.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := db.Lock(); err != nil {
		return nil, nil, err
	}
	sealer, err := openSealer(ctx, settings, db)
	if err != nil {
		return nil, nil, err
	}
	if n, err = newNode(settings, log, db, sealer); err != nil {
		return nil, nil, err
	}
	return n, db.Close, nil
}

// run serves until ctx ends. It answers as soon as the database is prepared.
// Where that takes long, as it does while the database is away, it answers that
// it is not ready. announce gets the operator's credentials, if they were made.
func (n *node) run(ctx context.Context, announce func(*admin.Credentials)) error {
	listeners, err := n.listen()
	if err != nil {
		return err
	}
	// Until the last request has been answered, changes must be heard of.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed, tried := make(chan error, len(listeners)+1), make(chan struct{})
	go func() {
		if err := n.prepareUntilDone(ctx, announce, tried); err != nil {
			failed <- err
		} else if ctx.Err() == nil {
			for _, advice := range n.settings.advice(ctx, n.db) {
				n.log.Warn(advice)
			}
			n.background(working)
			close(n.ready)
			n.log.Info("ready", zap.String("public_url", n.settings.PublicURL))
		}
	}()
	select {
	case err = <-failed:
		return errors.Join(err, n.stop(listeners, false))
	case <-tried:
	case <-time.After(headStart):
	}
	for _, l := range listeners {
		go func() { failed <- l.serve() }()
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = nil
	}
	return errors.Join(err, n.stop(listeners, err == nil))
}

func (n *node) listen() ([]*listener, error) {
	var secure *tls.Config
	if n.settings.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(n.settings.TLSCert, n.settings.TLSKey)
		if err != nil {
			return nil, n.settings.tlsProblem(err)
		}
		n.certificate = pair.Leaf
		secure = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	var all []*listener
	add := func(setting, address string, handler http.Handler, secure *tls.Config) error {
		if address == "" {
			return nil
		}
		inner, err := listenAt(address)
		if err != nil {
			return n.settings.problem(setting, "%v", err)
		}
		all = append(all, newListener(inner, server.HTTPServer(handler), secure))
		n.log.Info("listening", zap.String("address", inner.Addr().String()))
		return nil
	}
	err := errors.Join(
		add("listen", n.settings.Listen, n.server.Handler(), secure),
		add("admin_listen", n.settings.AdminListen, n.server.AdminHandler(n.adminAPI), secure),
		add("metrics_listen", n.settings.MetricsListen, n.metrics.Handler(), nil),
	)
	if err != nil {
		for _, l := range all {
			l.Close()
		}
	}
	return all, err
}

// stop lets every request finish: for a while clients are still answered, and
// told to leave; then no more are let in, and those who are in are answered.
func (n *node) stop(listeners []*listener, drain bool) error {
	close(n.draining)
	if drain {
		n.log.Info("stopping: clients are told to leave, and requests are answered to their end")
		time.Sleep(drainFor)
		var failed []error
		for _, l := range listeners {
			failed = append(failed, holdOff(l.Listener))
		}
		time.Sleep(handshakes)
		for _, l := range listeners {
			failed = append(failed, l.refuse())
		}
		if err := errors.Join(failed...); err != nil {
			n.log.Warn("clients that connect just now may be cut off", zap.Error(err))
		}
		time.Sleep(lastRequests)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.server.Shutdown(ctx))
		l.Close() // if it never served
	}
	ctx = context.WithoutCancel(ctx) // counts are stored, however long requests took
	return errors.Join(append(errs, n.flush(ctx))...)
}

// prepareUntilDone prepares the database, again and again while it is away. It
// closes tried after the first time, unless that shows that it never will be.
func (n *node) prepareUntilDone(ctx context.Context, announce func(*admin.Credentials), tried chan struct{}) error {
	for first := true; ; first = false {
		err := n.prepare(ctx, announce)
		away := errors.Is(err, tenants.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
		if first && (err == nil || away) {
			close(tried)
		}
		if !away {
			return err
		}
		n.log.Error("the database is away, trying again", zap.Error(err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(prepareEvery):
		}
	}
}

// prepare brings the database to where it can be served from: migrated, opened
// by the master key, with an operator tenant.
func (n *node) prepare(ctx context.Context, announce func(*admin.Credentials)) error {
	state, err := n.db.SchemaState(ctx)
	if err != nil {
		return err
	}
	_, sqlite := n.settings.DatabaseURL.SQLitePath()
	switch {
	case state == store.SchemaEmpty, state == store.SchemaOlder && sqlite:
		if err := n.db.Migrate(ctx); err != nil {
			return err
		}
	case state == store.SchemaMigrating:
		return fmt.Errorf("%w: %w", tenants.ErrUnavailable, schemaError(state))
	case state != store.SchemaCurrent:
		return schemaError(state)
	}
	if err := checkMasterKey(ctx, n.db, n.sealer); err != nil {
		return err
	}
	credentials, err := n.admin.Bootstrap(ctx, admin.BootstrapOptions{
		ClientID: n.settings.BootstrapClientID, ClientSecret: string(n.settings.BootstrapClientSecret),
	})
	if err != nil {
		return n.settings.bootstrapProblem(err)
	}
	if credentials != nil {
		announce(credentials)
	}
	return n.follower.Poll(ctx)
}
