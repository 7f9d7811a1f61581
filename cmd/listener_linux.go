package cmd

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// refuseNew has the kernel refuse new connections, and returns those that it
// has made already and nobody has accepted: closing the socket would reset
// them. Between the last look at them and the end of listening nothing else is
// done, so that hardly one can slip in.
func refuseNew(l net.Listener) ([]net.Conn, error) {
	socket, ok := l.(syscall.Conn)
	if !ok {
		return nil, errors.New("the listener has no socket")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	var waiting []int
	var failed error
	err = raw.Control(func(fd uintptr) {
		for {
			one, _, err := unix.Accept4(int(fd), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
			switch {
			case err == nil:
				waiting = append(waiting, one)
			case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
			default: // EAGAIN: there is none
				failed = unix.Shutdown(int(fd), unix.SHUT_RD)
				return
			}
		}
	})
	var conns []net.Conn
	for _, fd := range waiting {
		file := os.NewFile(uintptr(fd), "connection")
		conn, err := net.FileConn(file)
		failed = errors.Join(failed, err, file.Close())
		if err == nil {
			conns = append(conns, conn)
		}
	}
	return conns, errors.Join(err, failed)
}
