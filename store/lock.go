package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"
)

// ErrLocked means that another process has the SQLite file's lock.
var ErrLocked = errors.New("the database is in use")

// fileLock is a lock file beside the database. The lock is the kernel's, so it
// ends with its process; the file stays and says who has had it.
type fileLock struct{ file *os.File }

// Lock makes this process the one that serves or migrates the SQLite file, until
// Close. If another one is, the error (ErrLocked) says which and since when. On
// PostgreSQL, and when the lock is held already, it does nothing.
func (db *DB) Lock() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.path == "" || db.lock != nil {
		return nil
	}
	if err := oneName(db.path); err != nil {
		return err
	}
	lock, err := lockFile(db.path+".lock", db.now())
	db.lock = lock
	return err
}

// oneName refuses a file that has several names (hard links): neither the lock
// nor SQLite's write-ahead log would be found beside the other ones.
func oneName(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the SQLite file: %w", err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 {
		return fmt.Errorf("%s has %d names (hard links), and who opens it by another one would not see what is written here: remove the others, or copy the file", path, stat.Nlink)
	}
	return nil
}

func lockFile(path string, now time.Time) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		holder, _ := io.ReadAll(io.LimitReader(f, 200))
		return nil, fmt.Errorf("%w: %s is held by %s", ErrLocked, path, strings.TrimSpace(string(holder)))
	}
	text := fmt.Sprintf("process %d since %s\n", os.Getpid(), now.Format(time.RFC3339))
	if err := errors.Join(f.Truncate(0), writeAt(f, text)); err != nil {
		return nil, errors.Join(fmt.Errorf("writing %s: %w", path, err), f.Close())
	}
	return &fileLock{f}, nil
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

func (l *fileLock) release() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}
