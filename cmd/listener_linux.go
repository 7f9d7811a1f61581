package cmd

import (
	"errors"
	"math"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// holdOff has the kernel pass over who asks for a new connection, as if that had
// been lost on the way: clients ask again, after a second. Connections that are
// being made are still made.
func holdOff(l net.Listener) error {
	return control(l, func(fd int) error {
		const flags, syn, ack = 13, 0x02, 0x10 // of a TCP header (RFC 9293 section 3.1)
		filter := []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
			{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: syn | ack},
			{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: syn, Jf: 1},
			{Code: unix.BPF_RET | unix.BPF_K, K: 0},
			{Code: unix.BPF_RET | unix.BPF_K, K: math.MaxUint32},
		}
		return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
	})
}

// refuseNew has the kernel refuse new connections, and returns those that it
// has made already and nobody has accepted: closing the socket would reset
// them. None can slip in between the last look at them and the end of listening,
// if new ones have been held off for a while.
func refuseNew(l net.Listener) ([]net.Conn, error) {
	var waiting []int
	failed := control(l, func(fd int) error {
		for {
			one, _, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
			switch {
			case err == nil:
				waiting = append(waiting, one)
			case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
			default: // EAGAIN: there is none
				return unix.Shutdown(fd, unix.SHUT_RD)
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
	return conns, failed
}

// control does something with a listener's socket.
func control(l net.Listener, do func(fd int) error) error {
	socket, ok := l.(syscall.Conn)
	if !ok {
		return errors.New("the listener has no socket")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = do(int(fd)) })
	return errors.Join(err, failed)
}
