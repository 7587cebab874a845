package drill

import (
	"context"
	"slices"

	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// fault is something that happens to a cluster of three.
type fault struct {
	name   string
	what   string
	strike func(context.Context, *trial, *fleet.Fleet) error
	begin  string // what an operator is asked to do
	end    string // and what then to wait for
}

// faults are all there are. Before each, n1 is made the leader of everything.
func faults() []fault {
	return []fault{
		{
			"kill-leader", "n1, which leads everything, gets SIGKILL and is started again after --down",
			kill(fleet.N1), "kill -9 the full node that leads the cluster", "it is started again",
		},
		{
			"kill-follower", "n2, which leads nothing, gets SIGKILL and is started again after --down",
			kill(fleet.N2), "kill -9 a full node that does not lead the cluster", "it is started again",
		},
		{
			"kill-witness", "the witness gets SIGKILL and is started again after --down",
			kill(fleet.Witness), "kill -9 the witness", "it is started again",
		},
		{
			"hang", "n1, which leads everything, gets SIGSTOP, and SIGCONT after --hang",
			hang, "stop the node that leads the cluster with kill -STOP", "it goes on (kill -CONT)",
		},
		{
			"partition", "n1, which leads everything, is cut off from the others for --cut; clients still reach it",
			partition, "cut a full node off from the other nodes", "the network is whole again",
		},
		{
			"rolling", "each node in turn gets SIGTERM and is started again once it has ended, the next when all is healed",
			rolling, "begin to restart the nodes, one after the other", "the last one is started again",
		},
		{
			"restart-all", "all nodes get SIGKILL at once and are started again at once",
			restartAll, "kill -9 all nodes", "all are started again",
		},
	}
}

// Faults are the names of all faults.
func Faults() []string {
	var names []string
	for _, f := range faults() {
		names = append(names, f.name)
	}
	return names
}

// Describe says what happens in a fault.
func Describe(name string) string {
	if f := find(name); f != nil {
		return f.what
	}
	return ""
}

func find(name string) *fault {
	all := faults()
	i := slices.IndexFunc(all, func(f fault) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}

func kill(name string) func(context.Context, *trial, *fleet.Fleet) error {
	return func(ctx context.Context, t *trial, f *fleet.Fleet) error {
		t.strikes("%s gets SIGKILL", name)
		if err := f.Node(name).Kill(); err != nil {
			return err
		}
		sleep(ctx, t.options.Down)
		t.ends("%s is started again", name)
		return f.Node(name).Start()
	}
}

func hang(ctx context.Context, t *trial, f *fleet.Fleet) error {
	t.strikes("%s gets SIGSTOP for %s", fleet.N1, t.options.Hang)
	if err := f.Node(fleet.N1).Hang(); err != nil {
		return err
	}
	sleep(ctx, t.options.Hang)
	t.ends("%s gets SIGCONT", fleet.N1)
	return f.Node(fleet.N1).Continue()
}

func partition(ctx context.Context, t *trial, f *fleet.Fleet) error {
	t.strikes("%s is cut off for %s", fleet.N1, t.options.Cut)
	f.Network.SetAround(fleet.N1, fleet.Line{Mode: fleet.Blackhole})
	sleep(ctx, t.options.Cut)
	t.ends("the network is whole again")
	f.Network.SetAround(fleet.N1, fleet.Line{})
	return nil
}

func rolling(ctx context.Context, t *trial, f *fleet.Fleet) error {
	for i, n := range f.Nodes() {
		if i > 0 {
			if err := t.heals(ctx); err != nil {
				return err
			}
		}
		t.strikes("%s gets SIGTERM", n.Name)
		if err := n.Terminate(ctx); err != nil {
			return err
		}
		t.ends("%s has ended and is started again", n.Name)
		if err := n.Start(); err != nil {
			return err
		}
	}
	return nil
}

func restartAll(_ context.Context, t *trial, f *fleet.Fleet) error {
	t.strikes("all nodes get SIGKILL")
	if err := f.KillAll(); err != nil {
		return err
	}
	t.ends("all nodes are started again")
	for _, n := range f.Nodes() {
		if err := n.Start(); err != nil {
			return err
		}
	}
	return nil
}
