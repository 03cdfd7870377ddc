package history

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary starts itself again in one of these roles.
const (
	roleEnv   = "SLUICE_HISTORY_TEST_ROLE"
	pathEnv   = "SLUICE_HISTORY_TEST_PATH"
	roleWrite = "write" // append until killed
	roleFull  = "full"  // append until the file may grow no further
	roleCut   = "cut"   // append, and cut off what is old, until killed
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleEnv) {
	case roleWrite:
		err = writeForever(os.Getenv(pathEnv))
	case roleCut:
		err = cutForever(os.Getenv(pathEnv))
	case roleFull:
		if err = limitFileSize(256 << 10); err == nil {
			err = fillUp(os.Getenv(pathEnv))
		}
		fmt.Println("done")
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(role, path string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role, pathEnv+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeForever appends in twos and says each number once it is durable.
func writeForever(path string) error {
	f, err := Open(path, Holder{PID: os.Getpid(), Command: "child"})
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		got, err := f.Append(ctx, note(n), note(n))
		if err != nil {
			return err
		}
		fmt.Println(got[1].Seq)
	}
}

func TestKillBetweenAppendsLeavesAChainThatVerifies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	for round := range 8 {
		cmd := child(roleWrite, path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, acknowledged := bufio.NewScanner(out), uint64(0)
		for n := 0; n < 5+7*round && lines.Scan(); n++ {
			fmt.Sscan(lines.Text(), &acknowledged)
		}
		cmd.Process.Kill()
		for lines.Scan() { // what it said before it died
			fmt.Sscan(lines.Text(), &acknowledged)
		}
		cmd.Wait()

		f := open(t, path) // the side file of the dead is still there
		report, err := Verify(ctx, f)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if acknowledged == 0 || report.Records < acknowledged || report.Records%2 != 0 {
			t.Fatalf("round %d: %d records, %d acknowledged", round, report.Records, acknowledged)
		}
		f.Close()
	}
}

// fillUp appends until that fails, and then sees that nothing is broken.
func fillUp(path string) error {
	f, err := Open(path, Holder{PID: os.Getpid(), Command: "child"})
	if err != nil {
		return err
	}
	big := note(1)
	big.Message = strings.Repeat("x", 4000)
	good, failure := uint64(0), error(nil)
	for failure == nil && good < 10_000 {
		if _, failure = f.Append(ctx, big, big); failure == nil {
			good += 2
		}
	}
	if failure == nil || !strings.Contains(failure.Error(), "nothing was recorded") {
		return fmt.Errorf("after %d records the disk should be full: %w", good, failure)
	}
	if report, err := Verify(ctx, f); err != nil || report.Records != good {
		return fmt.Errorf("after a full disk: %+v of %d, %w", report, good, err)
	}
	if _, err := f.Append(ctx, big, big); err == nil {
		return fmt.Errorf("a second append on a full disk was accepted")
	}
	if err := f.Close(); err != nil {
		return err
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		return err
	}
	defer r.Close()
	if report, err := Verify(ctx, r); err != nil || report.Records != good {
		return fmt.Errorf("opened again: %+v of %d, %w", report, good, err)
	}
	return nil
}
