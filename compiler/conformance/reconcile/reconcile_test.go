package reconcile

import (
	"flag"
	"testing"
)

var cases = flag.String("cases", "testdata/cases.jsonl", "a file with cases, as `cargo xtask plans` writes them")

// Tekton does with each pipeline what the simulator says.
func TestReconcilersDoWhatTheSimulatorSays(t *testing.T) {
	all, err := ReadCases(*cases)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("there are no cases")
	}
	for _, one := range all {
		t.Run(one.Name, func(t *testing.T) {
			t.Parallel()
			got := newCluster(t, one).run(t, one)
			if got.String() != one.Run.String() {
				t.Errorf("Tekton:\n%ssimulator:\n%s", got, one.Run)
			}
		})
	}
	t.Logf("%d cases", len(all))
}
