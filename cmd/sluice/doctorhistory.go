package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// The bounds of free space beside the record. A record is some hundred bytes, and the
// file is written anew as it grows.
const (
	spaceWarn = 500 << 20
	spaceFail = 20 << 20
)

// history looks at the record: that it can be read or made, that its chain is whole,
// who holds it, and that there is room.
func (d *doctor) history(ctx context.Context) []render.Check {
	file := d.cfg.History.File
	found := d.record(ctx, file)
	folder := nearest(filepath.Dir(file))
	free, known := d.space(folder)
	const do = "make room: without it nothing can be recorded, and so nothing is called"
	switch said := fmt.Sprintf("%d MiB free", free>>20); {
	case !known:
	case free < spaceFail:
		found = append(found, failed("disk", folder, said, do)...)
	case free < spaceWarn:
		found = append(found, warned("disk", folder, said, do)...)
	default:
		found = append(found, passed("disk", folder, said)...)
	}
	return found
}

func (d *doctor) record(ctx context.Context, file string) []render.Check {
	report, err := verifyFile(ctx, file)
	var held *history.HeldError
	holder := ""
	if errors.As(err, &held) && held.Holder.API != "" {
		holder = fmt.Sprintf("; held by %q, pid %d", held.Holder.Command, held.Holder.PID)
		report, err = history.VerifyLog(ctx, remoteLog{held.Holder}, history.Head{})
	}
	switch {
	case errors.Is(err, history.ErrNoHistory):
		return creatable(file)
	case errors.As(err, &held):
		return warned("history", file, err.Error(), "nothing, if that is as it should be: one process writes a record at a time")
	case errors.Is(err, os.ErrPermission):
		return failed("history", file, err.Error(), "let this user read and write the file and its folder")
	case err != nil:
		return failed("history", file, err.Error(), "keep the file for whoever looks into it, and restore a copy; `sluice history --verify` says the same")
	}
	said := fmt.Sprintf("%d %s, the chain is whole%s", report.Records, plural(int(report.Records), "record"), holder)
	if holder == "" {
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			return failed("history", file, said+"; but it cannot be written: "+err.Error(), "let this user write the file")
		}
		if err := f.Close(); err != nil {
			return failed("history", file, err.Error(), "check the disk")
		}
	}
	return passed("history", file, said)
}

// creatable says whether a record could be begun.
func creatable(file string) []render.Check {
	switch err := writable(filepath.Dir(file)); {
	case errors.Is(err, errDisk):
		return warned("history", file, err.Error(), "check the disk")
	case err != nil:
		return failed("history", file, "there is none yet, and none can be made: "+err.Error(), "let this user write the folder, or name another one in history.file or --history")
	}
	return passed("history", file, "none yet; it can be made")
}

// errDisk is a file that could be made and not be taken away.
var errDisk = errors.New("the disk")

// writable makes a file in a folder, or in the nearest above it, and takes it away.
func writable(folder string) error {
	probe, err := os.CreateTemp(nearest(folder), ".sluice-doctor-*")
	if err != nil {
		return err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	return nil
}

// nearest is the folder itself, or the nearest above it that exists.
func nearest(folder string) string {
	for {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder
		}
		above := filepath.Dir(folder)
		if above == folder {
			return folder
		}
		folder = above
	}
}
