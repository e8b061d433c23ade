package resolver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	fileMaxRecord = 64 << 10
	fileMaxList   = 16 << 20
	fileMaxFiles  = 100_000
	// A file that was changed twice within this may look the same.
	fileSettled = 50 * time.Millisecond
)

// fileSource reads a service's directory: a record in each file *.json, lists in *.list.
type fileSource struct {
	directory string
	poll      time.Duration
	processes processTable
	pages     map[string]*filePage
}

// filePage is a file as it was read last.
type filePage struct {
	changed   time.Time // of the file
	size      int64
	seen      time.Time // since when it has been so, by this process's monotonic clock
	settled   bool
	instances []Instance
	owner     *fileOwner
}

// fileOwner is the process that keeps a record.
type fileOwner struct {
	PID       int64  `json:"pid"`
	Started   int64  `json:"started"`
	Boot      string `json:"boot"`
	Space     string `json:"space"`
	TTLMillis int64  `json:"ttlMillis"`
}

func openFile(t target) (source, error) {
	if err := t.only("ttl", "poll", "lease"); err != nil {
		return nil, err
	}
	if t.authority != "" {
		return nil, fmt.Errorf("authority: %s (expected: none, as in file:///directory/service)", t.authority)
	}
	poll, err := t.duration("poll", 250*time.Millisecond, 10*time.Millisecond, time.Minute)
	if err != nil {
		return nil, err
	}
	return &fileSource{directory: "/" + t.path, poll: poll, processes: readProcessTable("/proc"), pages: map[string]*filePage{}}, nil
}

func (s *fileSource) watch(ctx context.Context, tell func([]Instance)) error {
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	for {
		list, err := s.scan()
		if err != nil {
			return err
		}
		tell(list)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (s *fileSource) scan() ([]Instance, error) {
	entries, err := os.ReadDir(s.directory)
	if errors.Is(err, fs.ErrNotExist) {
		// A service without instances, if its namespace is there.
		if _, parent := os.Stat(filepath.Dir(s.directory)); parent == nil {
			return nil, nil
		}
	}
	if err != nil {
		return nil, err
	}
	pages := map[string]*filePage{}
	var list []Instance
	for _, entry := range entries {
		name := entry.Name()
		record, isList := strings.HasSuffix(name, ".json"), strings.HasSuffix(name, ".list")
		if strings.HasPrefix(name, ".") || !(record || isList) || len(pages) == fileMaxFiles {
			continue
		}
		page, err := s.page(name, isList)
		if err != nil {
			return nil, err
		}
		if page == nil {
			continue
		}
		pages[name] = page
		if s.isKept(page) {
			list = append(list, page.instances...)
		}
	}
	s.pages = pages
	return list, nil
}

// page is a file as it is now; nil for one that went away, or is none.
func (s *fileSource) page(name string, isList bool) (*filePage, error) {
	path := filepath.Join(s.directory, name)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	known := s.pages[name]
	same := known != nil && known.changed.Equal(info.ModTime()) && known.size == info.Size()
	if same && known.settled {
		return known, nil
	}
	page := &filePage{changed: info.ModTime(), size: info.Size(), seen: time.Now()}
	if same {
		page.seen = known.seen
	}
	page.settled = time.Since(page.seen) >= fileSettled
	limit := int64(fileMaxRecord)
	if isList {
		limit = fileMaxList
	}
	if info.Size() > limit {
		return page, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if isList {
		page.instances = parseFileList(string(content))
	} else if instance, owner, err := parseFileRecord(content); err == nil {
		page.instances, page.owner = []Instance{instance}, owner
	}
	// What is malformed is left out.
	return page, nil
}

// isKept reports whether a record's owner keeps it: by the process table where that is the same one, and
// else by the changes of the file's time, measured by this process's clock alone.
func (s *fileSource) isKept(page *filePage) bool {
	if page.owner == nil {
		return true
	}
	switch s.processes.state(page.owner) {
	case processAlive:
		return true
	case processDead:
		return false
	}
	return time.Since(page.seen) < time.Duration(page.owner.TTLMillis)*time.Millisecond
}

func parseFileRecord(content []byte) (Instance, *fileOwner, error) {
	record := struct {
		Address  string     `json:"address"`
		Ready    *bool      `json:"ready"`
		Draining bool       `json:"draining"`
		Owner    *fileOwner `json:"owner"`
	}{}
	if err := json.Unmarshal(content, &record); err != nil {
		return Instance{}, nil, err
	}
	instance := Instance{Address: record.Address, Ready: record.Ready == nil || *record.Ready, Draining: record.Draining}
	return instance, record.Owner, checkAddress(instance.Address)
}

// parseFileList reads lines of host:port, with properties behind it; # begins a comment. A wrong line is
// left out.
func parseFileList(content string) []Instance {
	var list []Instance
	for line := range strings.Lines(content) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 || checkAddress(words[0]) != nil || !areProperties(words[1:]) {
			continue
		}
		list = append(list, Instance{Address: words[0], Ready: true})
	}
	return list
}

func areProperties(words []string) bool {
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		weight, err := strconv.Atoi(value)
		if name != "zone" && (name != "weight" || err != nil || weight < 1 || weight > 10_000) {
			return false
		}
	}
	return true
}
