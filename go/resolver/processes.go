package resolver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

type processState int

const (
	// processUnknown: another machine's or container's process, or a table that can't be read.
	processUnknown processState = iota
	processAlive
	processDead
)

// processTable is that of this machine, as far as Linux shows it under /proc.
type processTable struct {
	proc        string
	boot, space string
}

func readProcessTable(proc string) processTable {
	t := processTable{proc: proc}
	boot, bootErr := os.ReadFile(filepath.Join(proc, "sys/kernel/random/boot_id"))
	space, spaceErr := os.Readlink(filepath.Join(proc, "self/ns/pid"))
	mounts, mountsErr := os.ReadFile(filepath.Join(proc, "self/mounts"))
	if errors.Join(bootErr, spaceErr, mountsErr) != nil || hidesProcesses(string(mounts)) {
		// Records are judged by their heartbeats then.
		return t
	}
	if clock, err := os.Readlink(filepath.Join(proc, "self/ns/time")); err == nil {
		space += " " + clock
	}
	t.boot, t.space = strings.TrimSpace(string(boot)), space
	return t
}

func hidesProcesses(mounts string) bool {
	for line := range strings.Lines(mounts) {
		if !strings.HasPrefix(line, "proc /proc ") {
			continue
		}
		for _, option := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' }) {
			if value, found := strings.CutPrefix(option, "hidepid="); found && value != "0" && value != "off" {
				return true
			}
		}
	}
	return false
}

const (
	statState   = 0
	statStarted = 19
)

func (t processTable) state(owner *fileOwner) processState {
	if t.boot == "" || owner.Boot != t.boot || owner.Space != t.space {
		return processUnknown
	}
	process := filepath.Join(t.proc, strconv.FormatInt(owner.PID, 10))
	stat, err := os.ReadFile(filepath.Join(process, "stat"))
	if errors.Is(err, fs.ErrNotExist) {
		return processDead
	}
	// The command stands in parentheses, and may have blanks and parentheses itself.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if err != nil || len(fields) <= statStarted {
		return processUnknown
	}
	if started, err := strconv.ParseInt(fields[statStarted], 10, 64); err != nil || started != owner.Started {
		return processDead
	}
	if fields[statState] == "Z" || fields[statState] == "X" {
		// One with other threads has only lost its first.
		if threads, err := os.ReadDir(filepath.Join(process, "task")); err == nil && len(threads) <= 1 {
			return processDead
		}
	}
	return processAlive
}
